"""What the server counts, as Prometheus reads it."""

from prometheus_client import Counter, Gauge, Histogram

kernels_live = Gauge("techni_kernels_live", "Kernels that are there.")
kernels_capacity = Gauge("techni_kernels_capacity", "Kernels that there may be.")
kernels_started = Counter("techni_kernels_started", "Kernels that were started.")
kernels_died = Counter("techni_kernels_died", "Kernels that ended by themselves.")
kernels_culled = Counter("techni_kernels_culled", "Kernels that were ended: left by their page, idle, or large.", ["reason"])
kernels_refused = Counter("techni_kernels_refused", "Visitors without a kernel, by reason.", ["reason"])
memory = Gauge("techni_memory_bytes", "Memory of the server and all kernels, shared pages counted once, at the last look.")
responses = Counter("techni_responses", "Answers to requests, by the first digit of their status.", ["status"])
frames_refused = Counter("techni_frames_refused", "Messages of pages that were not passed to a kernel, by reason.", ["reason"])
frames_delayed = Counter("techni_frames_delayed", "Messages, or pieces of them, that had to wait because a page sent too many.")
sockets_refused = Counter("techni_sockets_refused", "Requests for a kernel that were refused or ended, by reason.", ["reason"])
connections_refused = Counter("techni_connections_refused", "Connections that were closed because there were too many.")

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
loop_lag = Histogram("techni_loop_lag_seconds", "How late the event loop came back to a timer.", buckets=_SECONDS)
loop_work = Histogram("techni_loop_work_seconds", "Processor time of the event loop between two such timers.", buckets=_SECONDS)
