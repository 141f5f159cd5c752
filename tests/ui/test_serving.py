import subprocess
import sys


def test_port_zero_is_a_free_port():
    code = "from mmsearch.ui.serving import _free_port; print(_free_port('127.0.0.1'), _free_port('127.0.0.1'))"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert all(0 < int(port) < 65536 for port in answer.stdout.split())
