"""Put a model into a folder that can be handed on, with a card that says how well runs of its recipe do."""

from skeleton_lab.cli import run_app

if __name__ == "__main__":
    run_app("share")
