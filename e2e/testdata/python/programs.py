"""Runs a command-line client that is written in Python many times, without
loading it each time: the client is loaded once, and each run is a fork of it.

argv is the program. Each line of standard input is JSON, {"args": […], "dir":
…}; each is answered by a line {"code": …, "stdout": …, "stderr": …}. For aws-cli
"credentials" may hold access key, secret and session token to run with."""

import gc
import json
import os
import sys
import tempfile

program = sys.argv[1]
if os.path.basename(program) == "aws":
    import awscli.clidriver

    driver = awscli.clidriver.create_clidriver()
    driver.session.create_client("s3")  # it loads what a client is made of
    main = driver.main
else:
    import S3.CloudFront, S3.FileLists, S3.MultiPart, S3.S3

    with open(program, encoding="utf-8") as text:
        compiled = compile(text.read(), program, "exec")

    def main(args):
        sys.argv = [program] + args
        exec(compiled, {"__name__": "__main__", "__file__": program})


gc.freeze()


def child(args, directory, credentials, out, err):
    os.chdir(directory)
    if credentials:
        driver.session.set_credentials(*credentials)
    for fd, file in ((0, open(os.devnull)), (1, out), (2, err)):
        os.dup2(file.fileno(), fd)
    code = 1
    try:
        code = main(args) or 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    os._exit(int(code) & 0xFF)


for line in sys.stdin:
    call = json.loads(line)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        pid = os.fork()
        if pid == 0:
            child(call["args"], call["dir"], call.get("credentials"), out, err)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        printed = []
        for file in (out, err):
            file.seek(0)
            printed.append(file.read().decode("utf-8", "surrogateescape"))
    answer = {"code": code, "stdout": printed[0], "stderr": printed[1]}
    print(json.dumps(answer), flush=True)
