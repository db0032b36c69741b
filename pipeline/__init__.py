"""From data/raw to a release, one module for each stage, in the order in which data flows:

``read`` → ``pages`` → ``check`` → ``split`` → ``tables`` → ``write`` → ``describe`` → ``seal``; ``build`` calls them in this order.
``findings`` says what is wrong with the data, and where; ``nodes`` walks nested Arrow arrays.
"""
