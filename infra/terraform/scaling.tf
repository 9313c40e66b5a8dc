# The constants of autoscaling, in one place: docs/scaling.md works with them too.

locals {
  scaling_bounds = { min = var.tasks.min, max = var.tasks.max }

  # Per cent. Below the alarms' 80 and 85, so that tasks are added before anybody is woken.
  scaling_levels = { cpu = 60, memory = 70 }

  # Of each worker: photos at once, seconds that one takes on such a task, and seconds that a photo
  # may wait in the queue. Ingest is bound by half a core, the captioner by its model: with twelve at
  # once, ten tasks of either do as many photos a second as Bedrock's default quota allows.
  workers = {
    ingest    = { concurrency = 4, photo_s = 2.5, wait_s = 30 }
    captioner = { concurrency = 12, photo_s = 5, wait_s = 30 }
  }

  # A task clears concurrency / photo_s a second: so many may wait for each.
  backlog_per_task = {
    for name, worker in local.workers : name => floor(worker.wait_s * worker.concurrency / worker.photo_s)
  }

  # The share of its places that a task is to have in use. Backlog alone can't tell enough tasks from
  # too many, because it is nothing in both cases: by itself it swings between min and max for ever.
  busy_share    = 0.6
  busy_per_task = { for name, worker in local.workers : name => local.busy_share * worker.concurrency }
}
