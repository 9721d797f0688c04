"""``python -m mocksmtp`` is the same as ``mocksmtp``."""

from mocksmtp.cli import main

main(prog_name="mocksmtp")
