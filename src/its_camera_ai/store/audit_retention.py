"""Retention of the audit log: whole months go into the archive, and leave that after years."""

from datetime import UTC, datetime

from its_camera_ai.core.errors import StateInvalid
from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.audit import AuditHead, AuditLog
from its_camera_ai.store.audit_archive import AuditArchive, AuditFile

_DONE = Subject(DataClass.AUDIT_LOGS, Action.ARCHIVED, Reason.AGE)
_GONE = Subject(DataClass.AUDIT_LOGS, Action.DELETED, Reason.AGE)


class AuditKeeper:
    """Moves the old part of the log into the archive: file, proof that it is whole, then the rows.

    A crash in between leaves a whole file and all rows; the next run finds both and goes on.
    """

    name = "audit log"
    classes = (DataClass.AUDIT_LOGS,)

    def __init__(self, log: AuditLog, archive: AuditArchive) -> None:
        self._log = log
        self._archive = archive

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        """See ``Keeper``.

        Raises:
            StateInvalid: the archive, or the part of the log that would go there, is damaged.
        """
        rule = order.policy.rule(DataClass.AUDIT_LOGS)
        if rule.keep_days is None:
            return
        before_ns = month_start_wall_ns(order.before_wall_ns(rule.keep_days))
        self._shorten(before_ns, rule, order, tally)
        self._end_files(rule, order, tally)

    def _shorten(
        self, before_ns: int, rule: RetentionRule, order: RetentionOrder, tally: Tally
    ) -> None:
        anchor = self._log.anchor()
        last_seq = self._log.last_before(before_ns, now_wall_ns=order.now_wall_ns)
        written = [f for f in self._archive.files() if f.first_seq == anchor.seq + 1]
        subject = _DONE if rule.archive_first else _GONE
        if order.dry_run:
            in_files = max((file.last_seq for file in written), default=anchor.seq)
            tally.add(_DONE, in_files - anchor.seq)
            tally.add(subject, max(0, last_seq - in_files))
            return
        for file in written:  # a run was killed before it could drop the rows
            anchor = self._drop(file, order, tally)
        if last_seq <= anchor.seq:
            return
        if not rule.archive_first:
            *_, end = self._log.rows(last_seq, last_seq)
            tally.add(subject, self._log.forget(AuditHead(end.seq, end.hash)))
            return
        file = self._archive.write(self._log.rows(anchor.seq + 1, last_seq))
        self._drop(file, order, tally)

    def _drop(self, file: AuditFile, order: RetentionOrder, tally: Tally) -> AuditHead:
        """Forget the rows of a file, once it is read back and is what the log holds."""
        end = self._archive.last(file)
        stored = list(self._log.rows(end.seq, end.seq))
        if stored != [end]:
            raise StateInvalid(
                f"The file {file.path.name} of the audit archive is not what the log holds at row "
                f"{end.seq}; move the file away and look into who changed either."
            )
        until = AuditHead(end.seq, end.hash)
        tally.add(_DONE, self._log.forget(until))
        self._log.append(
            actor="system",
            action="audit_archived",
            object=file.path.name,
            detail={
                "first_seq": file.first_seq,
                "last_seq": file.last_seq,
                "hash": end.hash,
                "sha256": self._archive.sha256(file),
            },
            wall_ns=order.now_wall_ns,
        )
        return until

    def _end_files(self, rule: RetentionRule, order: RetentionOrder, tally: Tally) -> None:
        if rule.total_days is None:
            return
        before_ns = order.before_wall_ns(rule.total_days)
        ended = []
        for file in self._archive.files():
            if self._archive.last(file).wall_ns >= before_ns:
                break  # the files after it are younger
            ended.append(file)
            tally.add(_GONE, file.last_seq - file.first_seq + 1, file.size_bytes)
        if not order.dry_run:
            self._archive.remove(ended)


def month_start_wall_ns(wall_ns: int) -> int:
    """The beginning of the month, UTC, that a moment lies in.

    >>> month_start_wall_ns(1_700_000_000_000_000_000)  # 2023-11-14
    1698796800000000000
    """
    moment = datetime.fromtimestamp(wall_ns // NS_PER_S, tz=UTC)
    return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * NS_PER_S
