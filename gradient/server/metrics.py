"""The metrics, which Prometheus reads at /metrics."""

from prometheus_client import Counter, Gauge, Histogram

kernels_live = Gauge("techni_kernels_live", "Kernels that are running.")
kernels_capacity = Gauge("techni_kernels_capacity", "Kernels that may run at the same time.")
kernels_started = Counter("techni_kernels_started", "Kernels that were started.")
kernels_died = Counter("techni_kernels_died", "Kernels that ended by themselves.")
kernels_culled = Counter("techni_kernels_culled", "Kernels that the server ended: left, idle, or too large.", ["reason"])
kernels_refused = Counter("techni_kernels_refused", "Visitors who got no kernel, by reason.", ["reason"])
memory = Gauge("techni_memory_bytes", "Memory of the server and all kernels, shared pages counted once, as last measured.")
responses = Counter("techni_responses", "Responses, by the first digit of their status.", ["status"])
frames_refused = Counter("techni_frames_refused", "Messages from pages that no kernel received, by reason.", ["reason"])
frames_delayed = Counter("techni_frames_delayed", "Messages, or fragments of them, that waited because a page sent too many.")
sockets_refused = Counter("techni_sockets_refused", "Requests for a kernel that were refused or ended, by reason.", ["reason"])
connections_refused = Counter("techni_connections_refused", "Connections that were closed because there were too many.")

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
loop_lag = Histogram("techni_loop_lag_seconds", "How late the event loop ran a timer.", buckets=_SECONDS)
loop_work = Histogram("techni_loop_work_seconds", "Processor time of the event loop between two timers.", buckets=_SECONDS)
