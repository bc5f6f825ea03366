"""What Snakemake's jobs do, as lines of JSON: the logger plugin of Nebulakit.

A process that watches a plan asks for it by `--logger nebulakit` and says by NEBULAKIT_SNAKEMAKE_LOG where the lines go.
"""

import json
import os

from snakemake_interface_logger_plugins.base import LogHandlerBase

FIELDS = ("jobid", "job_id", "rule_name", "output", "wildcards", "reason", "done", "total", "provided_resources", "shellcmd")
EVENTS = ("workflow_started", "run_info", "job_info", "job_started", "job_finished", "job_error", "group_error", "progress", "error")


class LogHandler(LogHandlerBase):
    def __post_init__(self):
        self.file = open(os.environ["NEBULAKIT_SNAKEMAKE_LOG"], "a", encoding="utf-8")

    def emit(self, record):
        event = getattr(record, "event", None)
        event = None if event is None else str(getattr(event, "value", event))
        is_error = record.levelno >= 40
        if event not in EVENTS and not is_error:
            return
        line = {"at": record.created, "event": event or "error"}
        for field in FIELDS:
            value = getattr(record, field, None)
            if value is not None:
                line[field] = [str(part) for part in value] if field == "output" else value
        jobs = getattr(record, "jobs", None)
        if jobs is not None:
            line["jobs"] = list(jobs)
        if is_error:
            line["message"] = record.getMessage()
        self.file.write(json.dumps(line, default=str) + "\n")
        self.file.flush()

    @property
    def writes_to_stream(self):
        return False

    @property
    def writes_to_file(self):
        return False

    @property
    def has_filter(self):
        return True

    @property
    def has_formatter(self):
        return True

    @property
    def needs_rulegraph(self):
        return False
