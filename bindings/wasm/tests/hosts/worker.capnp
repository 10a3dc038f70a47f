# The worker with its modules; the addresses of this machine may be reached.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "built/worker.js"),
    MODULES
  ],
  bindings = [(name = "SERVER", fromEnvironment = "SERVER")],
  compatibilityDate = "2026-11-01",
);
