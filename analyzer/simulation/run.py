"""Records sessions of the fictional app: servers here, one process per session, several at once.

::

    study = prepare_demo(folder)
    recorded = run_all(study, repeats=6, jobs=2, progress=lambda done, total, session: ...)
"""

from __future__ import annotations

import contextlib
import importlib
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from analyzer.errors import UserError
from analyzer.extract.shapes import digests
from analyzer.knowledge import load_knowledge
from analyzer.models import Session
from analyzer.simulation.declaration import Declaration, load_declaration
from analyzer.simulation.job import Job, Recording
from analyzer.simulation.log import PhoneLog, Seen
from analyzer.simulation.plan import Scene, plan
from analyzer.simulation.servers import Servers
from analyzer.study import Study
from analyzer.workers import worker_context

Progress = Callable[[int, int, str], None]  # sessions done, sessions in all, id of the last one
_RECORDING = "analyzer.simulation.recording"
_LIMIT_S = 120.0
_END_S = 2.0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded session with the three independent accounts of it: bundle, phone, servers."""

    scene: Scene
    session: Session
    bundle: Path
    phone: PhoneLog
    served: tuple[Seen, ...]


def scene_of(study: Study, declaration: Declaration, label: str, repeat: int) -> Scene:
    """Return repeat number `repeat` of the study's arm `label` under `declaration`."""
    blocs = {name: bloc.members for name, bloc in load_knowledge().blocs.items()}
    return Scene(declaration, blocs, study.arm(label), repeat, study.persona(label))


def run_all(
    study: Study,
    arms: Sequence[str] = (),
    *,
    repeats: int = 6,
    jobs: int = 2,
    declaration: Declaration | None = None,
    progress: Progress | None = None,
) -> list[Recorded]:
    """Record `repeats` sessions of each arm (labels; none: all of the study), `jobs` at a time.

    The arms take turns; seconds lie between the sessions, so they are one time block. Returns the
    sessions in that order. Nothing leaves this machine. `RuntimeError` where a session failed.
    """
    declared = declaration or load_declaration()
    scenes = [
        scene_of(study, declared, label, repeat)
        for repeat in range(1, repeats + 1)
        for label in (arms or tuple(study.arms))
    ]
    with (
        tempfile.TemporaryDirectory(prefix="evenhand-") as folder,
        Servers(Path(folder) / "servers", scenes) as servers,
    ):
        return record_scenes(study, scenes, servers, Path(folder) / "proxy", jobs, progress)


def run_session(study: Study, scene: Scene, servers: Servers, confdir: Path) -> Recorded:
    """Record one session in a process of its own. `confdir` holds the proxy's authority."""
    job = Job(
        study=study,
        arm=scene.arm,
        repeat=scene.repeat,
        planted=digests(scene.persona.values, study.key),
        requests=plan(scene),
        addresses=servers.addresses(scene),
        servers_ca=servers.authority,
        confdir=confdir,
    )
    done = cast("Recording", _in_process("record_job", job))
    return Recorded(
        scene=scene,
        session=done.session,
        bundle=study.captures / done.session.id,
        phone=done.phone,
        served=tuple(servers.log_of(scene)),
    )


def record_scenes(
    study: Study,
    scenes: Sequence[Scene],
    servers: Servers,
    confdir: Path,
    jobs: int,
    progress: Progress | None = None,
) -> list[Recorded]:
    """Record `scenes`, `jobs` at a time, and return them in the order given."""
    _in_process("proxy_authority", confdir)
    pool = ThreadPoolExecutor(max_workers=jobs)
    futures = [pool.submit(run_session, study, scene, servers, confdir) for scene in scenes]
    try:
        for done, future in enumerate(as_completed(futures), start=1):
            session = future.result().session
            if progress:
                progress(done, len(scenes), session.id)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [future.result() for future in futures]


def _in_process(function: str, argument: object) -> object:
    """Return what `function` of the recording module returns, called in a new process.

    Only that process, and the one it is forked from, load mitmproxy.
    """
    context = worker_context(_RECORDING)
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(function, argument, there), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(_LIMIT_S):
            raise RuntimeError(f"{function}: no answer in {_LIMIT_S:.0f} s")
        answer: object = here.recv()
    except EOFError:
        raise RuntimeError(f"{function}: the process ended without an answer") from None
    finally:
        here.close()
        process.join(_END_S)
        if process.is_alive():
            process.kill()
            process.join()
    if isinstance(answer, UserError):
        raise answer
    return answer


def _call(function: str, argument: object, connection: Connection) -> None:
    module = importlib.import_module(_RECORDING)
    try:
        answer = getattr(module, function)(argument)
    except UserError as error:
        answer = error
    with contextlib.suppress(BrokenPipeError):  # whoever asked is gone: Ctrl-C
        connection.send(answer)
