"""From data/raw to a release, one module for each stage, in the order in which data flows.

Unit by unit, in workers: ``cut`` (raw files → units) → ``parse`` (with ``screen``) → ``check`` → ``tables``; ``units`` does these
for one unit, ``gather`` has them done for all and takes what they give into ``index``. Over all articles, in the parent:
``corpus`` (``duplicates``, ``split``) → ``shards``, which has ``write`` write Parquet in workers → ``describe`` → ``seal``.
``build`` calls them in this order; ``docs/scale.md`` tells why the cut is there.

``read`` reads what is written once for all articles, ``passes`` the annotation passes, ``pages`` whose text is at hand.
``execute`` says where work is done, ``cache`` keeps it for the next build, ``remote`` fetches and sends, ``progress`` is told.
``rules`` says what data must keep, ``findings`` what does not and where, ``report`` and ``show`` how that and a release look;
``files`` and ``places`` read text and find values in it; ``nodes``, ``spans`` and ``texts`` work on many articles as Arrow and
numpy arrays; ``grams`` and ``external`` serve ``duplicates``; ``tally`` and ``statistics`` count, ``card`` writes the card,
``leakage`` what splits share; ``derived`` renews what follows in the repo; ``select`` picks what to check.
"""
