"""The commands of build_dataset.py, a module for each kind of work. What is heavy is imported where it is used: --help stays quick."""
