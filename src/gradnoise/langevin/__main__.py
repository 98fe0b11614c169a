"""Stage: langevin."""

from gradnoise import stage
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.results import write
from gradnoise.trajectory import store


def main() -> None:
    """Analyse one trajectory in one subspace."""
    args = stage.parse("A trajectory against Langevin dynamics.", inputs=("trajectory",))
    recorded = store.read(args.trajectory, args.settings["subspace"])
    attributes = {k: v for k, v in recorded.attributes.items() if k != "complete"}
    write(args.output, *analyse(recorded, args.settings), attributes)


if __name__ == "__main__":
    stage.run(main)
