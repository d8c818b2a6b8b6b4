"""`zcquest` on a host that forbids namespaces: the reason, a recorded run marked as such, no stars, no progress."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable

import pytest

from .conftest import Zcquest

FORBID = 'for name in user net; do echo 0 > /proc/sys/user/max_${name}_namespaces || exit 99; done; exec "$@"'
SENDFILE = "repeat:\n    sendfile(sock, log, 64K)\n"
Refusing = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def refusing(zcquest: Zcquest) -> Refusing:
    """`zcquest` in a user namespace of its own, in which the kernel makes no further namespace for anybody."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare is not installed")
    prefix = [unshare, "--user", "--map-root-user", "sh", "-c", FORBID, "sh"]

    def run(*arguments: str, input: str = "") -> subprocess.CompletedProcess[str]:
        command = [*prefix, *zcquest.command, *arguments]
        done = subprocess.run(
            command, input=input, capture_output=True, text=True, env=zcquest.environ(), timeout=60, check=False
        )
        if done.returncode in (1, 99) and "unshare" in done.stderr + done.stdout[:80]:
            pytest.skip(done.stderr)
        return done

    return run


def test_the_recorded_run_of_the_same_plan_is_shown(refusing: Refusing) -> None:
    done = refusing("run", "3-4", "-", input=SENDFILE)
    assert done.returncode == 3
    assert "unshare(CLONE_NEWUSER) failed with ENOSPC" in done.stderr and "user.max_user_namespaces" in done.stderr
    assert done.stdout.startswith("Recorded on Linux ") and "not run here; it earns nothing" in done.stdout
    assert "Your plan was not recorded" not in done.stdout and "★" not in done.stdout
    assert "3.00" in done.stdout and "the card does not gather" in done.stdout


def test_another_plan_gets_the_reference_plan_and_is_told(refusing: Refusing) -> None:
    done = refusing("run", "3-4", "-", input="repeat:\n    sendfile(sock, log, 3K)\n")
    assert done.returncode == 3
    assert "Your plan was not recorded. This is the reference plan one-call:\n" + SENDFILE in done.stdout


def test_the_json_says_so_and_claims_nothing(refusing: Refusing) -> None:
    done = refusing("run", "3-4", "-", "--json", input=SENDFILE)
    assert (done.returncode, done.stderr) == (3, "")
    found = json.loads(done.stdout)
    assert (found["schema"], found["passed"], found["stars"]) == (1, False, 0)
    assert [scene["copies"]["total"] for scene in found["scenes"]] == [2.0, 3.0]
    recorded = found["recorded"]
    assert recorded["system"].startswith("Linux ") and recorded["date"] and "ENOSPC" in recorded["reason"]
    assert (recorded["reference"], recorded["same_plan"], recorded["passed"], recorded["stars"]) == (
        "one-call",
        True,
        True,
        3,
    )


def test_nothing_is_kept_of_it(refusing: Refusing, zcquest: Zcquest) -> None:
    before = zcquest("levels", status=0).stdout
    assert refusing("run", "3-4", "-", input=SENDFILE).returncode == 3
    assert zcquest("levels", status=0).stdout == before


def test_a_trace_is_refused_with_the_reason(refusing: Refusing) -> None:
    done = refusing("trace", "3-4")
    assert (done.returncode, done.stdout) == (3, "")
    assert "This host cannot run it: the bench NIC could not be built" in done.stderr


def test_levels_on_loopback_are_played_as_ever(refusing: Refusing) -> None:
    assert refusing("run", "3-1", "-", input=SENDFILE).returncode == 0


def test_the_doctor_names_what_is_missing(refusing: Refusing, zcquest: Zcquest) -> None:
    found = json.loads(refusing("doctor", "--json").stdout)
    assert found["supported"]
    (finding,) = (finding for finding in found["findings"] if finding["name"] == "bench_nic")
    assert not finding["ok"] and "ENOSPC" in finding["detail"] and "recorded" in finding["advice"]


def test_where_it_is_allowed_the_json_tells_of_the_card(zcquest: Zcquest) -> None:
    done = zcquest("run", "3-4", "-", "--json", input=SENDFILE)
    if done.returncode == 3:
        pytest.skip(json.loads(done.stdout)["recorded"]["reason"])
    found = json.loads(done.stdout)
    assert (done.returncode, found["passed"], found["stars"]) == (0, True, 3)
    on, off = found["scenes"]
    assert (on["network"]["scatter_gather"], off["network"]["scatter_gather"]) == (True, False)
    assert on["network"]["sent_packets"] < off["network"]["sent_packets"]
    back = [hop for hop in off["copies"]["hops"] if hop not in on["copies"]["hops"] and hop["mover"] == "cpu"]
    assert [(hop["from"], hop["to"], hop["evidence"]) for hop in back] == [("socket_buffer", "nic", "proved")]
    assert "recorded" not in found
