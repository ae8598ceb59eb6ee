"""The download reports whole MiB to the one implementation of progress."""

from figbench.cli.resources.data import MIB, _whole_mib


def test_every_mib_is_counted_once_and_the_last_part_too():
    counted = []
    report = _whole_mib(counted.append)
    total = 3 * MIB + 5
    for have in (10, MIB - 1, MIB, MIB + 7, 3 * MIB + 1, total, total):
        report(have, total)
    assert sum(counted) == 4
    assert all(count > 0 for count in counted)


def test_a_resumed_download_starts_from_what_is_there():
    counted = []
    _whole_mib(counted.append)(2 * MIB, 4 * MIB)
    assert counted == [2]
