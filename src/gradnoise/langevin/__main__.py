"""Stage: langevin."""

from gradnoise import stage
from gradnoise.langevin.analysis import analyse
from gradnoise.langevin.results import write
from gradnoise.langevin.settings import Settings
from gradnoise.trajectory import store


def main() -> None:
    """Analyse one trajectory in one subspace."""
    args = stage.parse("A trajectory against Langevin dynamics.", inputs=("trajectory",))
    settings = stage.read_settings(Settings, args.settings)
    recorded = store.read(args.trajectory, settings.subspace)
    attributes = {k: v for k, v in recorded.attributes.items() if k != "complete"}
    write(args.output, analyse(recorded, settings), attributes)


if __name__ == "__main__":
    stage.run(main)
