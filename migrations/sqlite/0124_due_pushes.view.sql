-- What waits of push jobs and broadcasts, and the instant at which somebody must look at it: the same as due is for the rest.
CREATE VIEW IF NOT EXISTS due_pushes (what, id, at) AS
  SELECT 'push_job', job_id, next_run_at FROM push_jobs WHERE next_run_at IS NOT NULL
  UNION ALL
  SELECT 'push_run', run_key, scheduled_for FROM push_dispatches WHERE status = 'pending'
  UNION ALL
  SELECT 'broadcast', broadcast_id, stepped_at FROM broadcasts WHERE status = 'running';
