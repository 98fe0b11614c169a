"""How often claims are supported and contradicted, given what is true: the scheme, beside the one before it.

    python benchmarks/verdicts.py [RUNS] [REPEATS]

Results are drawn around known percentages with the deviations of the default run (`tests/example_verdicts.py`). The
scheme before had simultaneous t intervals over seeds. The last columns are the rates that the design states.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from example_verdicts import SCENARIOS, rates


def main() -> None:
    given = [int(text) for text in sys.argv[1:]]
    runs, repeats = (*given, *(400, 5)[len(given) :])
    print(f"{runs} runs, {repeats} repeats; contradicted / supported, %")
    print(f"{'claim and truth':<54}{'seeds':>6}{'before':>14}{'now':>14}{'stated':>14}")
    for name, scenario in SCENARIOS.items():
        for place, seeds in enumerate((3, 5)):
            first, new = (rates(scenario, s, runs, seeds, repeats) for s in ("first", "new"))
            stated = scenario.contradicted[place], scenario.supported[place]
            columns = [(one["contradicted"], one["supported"]) for one in (first, new)]
            text = "".join(f"{low:7.1f} /{high:5.1f}" for low, high in (*columns, stated))
            holds = "true" if scenario.true else "false"
            print(f"{name + ' (' + holds + ')':<60}{seeds:>2} {text}", flush=True)


if __name__ == "__main__":
    main()
