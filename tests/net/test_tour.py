# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/tour.md is what happens: each of its commands is run, each of its lines compared."""

import pytest

import tour


def test_tour():
    script = tour.steps(tour.TOUR.read_text())
    assert len(script) > 30
    with tour.Stage() as stage:
        for step in script:
            said = stage.play(step.host, step.command)
            assert tour.is_said(step.says, said), "\n".join(
                [f"{tour.TOUR.name}:{step.line}: {step.command}", "it says:", *step.says,
                 "it said:", *said])


SAID = ["now            closed", "         4  SYN                connection attempt",
        "192.0.2.10 port 4711 to 7547, 3 s ago: refused NOT_GET", "exit status 3"]


@pytest.mark.parametrize("says, is_said", [
    (SAID, True),
    (["now closed", "... "], True),
    (["...", "exit status 3"], True),
    (["[...]closed", "       17  SYN                connection attempt", "...", "exit status 3"], True),
    (["...", "192.0.2.10 port 999 to 7547, 12 s ago: refused NOT_GET", "..."], True),
    (["...", "192.0.2.10 port 999 to 30005, 3 s ago: refused NOT_GET", "..."], False),
    (["now open", "..."], False),
    (SAID[:-1], False),
    ([*SAID, "more"], False),
    ([], False),
])
def test_comparison(says, is_said):
    """What varies is left out, and nothing else."""
    assert tour.is_said(says, SAID) == is_said
