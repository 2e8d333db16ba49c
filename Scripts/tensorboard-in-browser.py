#!/usr/bin/env python3
"""Shows runs that the library wrote in TensorBoard, looks at the pages with headless Chromium and checks what they hold.

    Scripts/tensorboard-in-browser.py SAMPLE PYTHON [FOLDER]

SAMPLE is the program `summary-sample` (`swift build --product summary-sample`), PYTHON an interpreter with tensorboard,
FOLDER where screenshots are kept (else nothing is). Needs chromium; where that or tensorboard is missing it says so and
ends with 0. It takes a minute at most.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SECONDS_FOR_ALL = 240
SECONDS_FOR_A_PAGE = 45

# What the pages must hold: for each, its address, and expressions over what the script below gathers that must become
# true. `text` is all text that is shown, `count(selector)` the number of elements, through shadow roots.
PAGES = {
    "scalars": ("#scalars", [
        "text.includes('loss')", "text.includes('accuracy')", "text.includes('rate_0.1')",
        "text.includes('rate_1.0')", "text.includes('cross entropy')", "count('tf-scalar-card') >= 2",
        # A line for each run in each chart, and the axes beside them.
        "count('svg path') >= 4", "nodes.includes('50')"]),
    "timeseries": ("#timeseries", [
        # Cards further down are made only once one scrolls there.
        "count('scalar-card') >= 1", "count('histogram-card') >= 2", "text.includes('first_layer')",
        "count('line-chart') >= 1", "text.includes('Smoothed')"]),
    "histograms": ("#histograms", [
        "text.includes('weights')", "text.includes('activations')", "count('vz-histogram-timeseries') >= 4",
        # A silhouette for each step.
        "count('svg path') >= 100"]),
    "distributions": ("#distributions", ["text.includes('weights')", "count('svg path') >= 8"]),
    "images": ("#images", [
        "text.includes('first_layer')", "text.includes('colours')",
        # The size of the pictures says that the browser decoded the PNG files.
        "pictures.some(p => p === '48x32')", "pictures.some(p => p === '6x8')"]),
    "audio": ("#audio", ["text.includes('tone')", "count('audio') >= 2"]),
    "text": ("#text", [
        "text.includes('A ring')", "count('h1') >= 2",
        # Markdown has become elements.
        "strong.includes('0.1')", "strong.includes('1.0')", "count('td') >= 4"]),
    "graphs": ("#graphs&run=rate_0.1", [
        "nodes.some(n => n === 'hidden')", "nodes.some(n => n === 'cross_entropy')",
        "nodes.some(n => n === 'W1')", "nodes.some(n => n === 'first_layer')", "count('svg g.node') >= 10",
        # The statistics of a run can be chosen.
        "text.includes('step 30')"]),
    "pr_curves": ("#pr_curves", ["text.includes('ring')", "count('svg path') >= 2"]),
    "hparams": ("#hparams", [
        "text.includes('learning rate')", "text.includes('gradient descent')", "text.includes('0.10000')"]),
    "custom_scalars": ("#custom_scalars", ["text.includes('training')", "text.includes('both')"]),
}

GATHER = """
(() => {
  const all = [];
  const waiting = [document];
  while (waiting.length) {
    const root = waiting.pop();
    for (const element of root.querySelectorAll('*')) {
      all.push(element);
      if (element.shadowRoot) waiting.push(element.shadowRoot);
    }
  }
  const roots = new Set(all.map(e => e.getRootNode()));
  const count = selector => {
    let sum = 0;
    for (const root of roots) sum += root.querySelectorAll(selector).length;
    return sum;
  };
  const own = e => Array.from(e.childNodes).filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join(' ');
  const text = all.filter(e => !['SCRIPT', 'STYLE', 'TEMPLATE'].includes(e.tagName)).map(own).join(' ');
  const strong = all.filter(e => e.tagName === 'STRONG').map(own);
  const nodes = all.filter(e => e.tagName === 'text' || e.tagName === 'title').map(own);
  const pictures = all.filter(e => e.tagName === 'IMG').map(e => e.naturalWidth + 'x' + e.naturalHeight);
  return JSON.stringify({checks: [CHECKS].map(check => !!check()), text: text.replace(/\\s+/g, ' ').slice(0, 4000),
                         pictures, nodes: nodes.slice(0, 100)});
})()
"""


class Browser:
    """Chromium, told what to do through a pair of pipes (its DevTools protocol)."""

    def __init__(self, program, profile):
        to_read, self.to_browser = os.pipe()
        self.from_browser, to_write = os.pipe()
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--no-first-run", "--hide-scrollbars", "--window-size=1400,1200", "--mute-audio",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"]
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$@" 3<&{to_read} 4>&{to_write}'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "browser", *command], pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self.pending = b""
        self.number = 0
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        self.session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]

    def call(self, method, parameters=None, session=None):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.pending:
                received = os.read(self.from_browser, 1 << 16)
                if not received:
                    raise RuntimeError("the browser has ended")
                self.pending += received
            answer, self.pending = self.pending.split(b"\0", 1)
            answer = json.loads(answer)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, address):
        self.call("Page.navigate", {"url": "about:blank"}, self.session)
        self.call("Page.navigate", {"url": address}, self.session)

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True}, self.session)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"])[:500])
        return result["result"].get("value")

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", {}, self.session)["data"]))

    def close(self):
        stop(self.process)


def stop(process):
    """Ends a process that was started here, with those it started."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(5)
        except (subprocess.TimeoutExpired, ProcessLookupError):
            process.kill()
            process.wait()


def start_tensorboard(python, logs):
    process = subprocess.Popen(
        [python, "-m", "tensorboard.main", "--logdir", logs, "--host", "127.0.0.1", "--port", "0",
         "--load_fast=false", "--samples_per_plugin", "images=100"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"})
    said = []
    for line in process.stderr:
        said.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        if found:
            # Somebody has to read on, or it would wait for ever.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return process, found.group()
    raise RuntimeError("TensorBoard did not start:\n" + "".join(said[-20:]))


def look(browser, address, name, fragment, checks, keep, seconds=SECONDS_FOR_A_PAGE):
    """Opens a page and waits until all checks hold. Returns those that do not."""
    browser.open(address + fragment)
    expression = GATHER.replace("CHECKS", ", ".join(f"() => {check}" for check in checks))
    deadline = time.monotonic() + seconds
    while True:
        seen = json.loads(browser.evaluate(expression))
        failed = [check for check, holds in zip(checks, seen["checks"]) if not holds]
        if not failed or time.monotonic() > deadline:
            break
        time.sleep(0.3)
    if keep:
        time.sleep(1)  # for what is still being drawn
        browser.screenshot(keep / f"{name}.png")
    if failed and seconds < SECONDS_FOR_A_PAGE:
        print(f"{name}: fails, as it should")
    elif failed:
        print(f"{name}: FAILED: {'; '.join(failed)}\n  the page holds: {seen['text'][:1500]}\n"
              f"  pictures: {seen['pictures']}\n  nodes: {seen['nodes'][:60]}")
    else:
        print(f"{name}: ok ({len(checks)} checks)")
    return failed


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__)
        return 64
    sample, python = sys.argv[1:3]
    keep = pathlib.Path(sys.argv[3]) if len(sys.argv) == 4 else None
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not program:
        print("skipped: TensorBoard in a browser (there is no chromium on this machine)")
        return 0
    if subprocess.run([python, "-c", "import tensorboard"], capture_output=True).returncode != 0:
        print("skipped: TensorBoard in a browser (tensorboard is not installed)")
        return 0
    if keep:
        keep.mkdir(parents=True, exist_ok=True)

    # Whatever hangs, this ends.
    signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(TimeoutError("it took too long")))
    signal.alarm(SECONDS_FOR_ALL)
    with tempfile.TemporaryDirectory() as folder:
        logs = os.path.join(folder, "logs")
        subprocess.run([sample, logs], check=True)
        tensorboard, address = start_tensorboard(python, logs)
        try:
            browser = Browser(program, os.path.join(folder, "profile"))
            try:
                failed = [name for name, (fragment, checks) in PAGES.items()
                          if look(browser, address, name, fragment, checks, keep)]
                # That the checks can fail is checked too.
                if not look(browser, address, "a page without this", "#text", ["text.includes('no such text')"], None,
                            seconds=2):
                    failed.append("a check that cannot fail")
            finally:
                browser.close()
        finally:
            stop(tensorboard)
    print(f"{len(PAGES) - len(failed)} of {len(PAGES)} pages are as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
