"""From data/raw to a release, one module for each stage, in the order in which data flows:

``read`` → ``pages`` → ``check`` → ``split`` → ``tables`` → ``write`` → ``describe`` → ``seal``; ``build`` calls them in this order.
``rules`` says what data must keep, ``findings`` what does not and where, ``report`` and ``show`` how that and a release look;
``files`` and ``places`` read text and find values in it; ``nodes`` and ``spans`` work on nested Arrow arrays; ``duplicates`` and
``leakage`` serve splits; ``card`` writes the card; ``derived`` renews what follows in the repo; ``select`` picks what to check.
"""
