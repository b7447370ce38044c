"""The command `python -m gradient.server`, with Voilà's own flags."""

from gradient.server.application import Application

if __name__ == "__main__":
    Application.launch_instance()
