"""Recognise actions in recordings, or live."""

from skeleton_lab.predict import main

if __name__ == "__main__":
    main()
