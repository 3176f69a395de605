-- Asks for the addresses in the file BENCH_PATHS one after the other, over and over; counts every answer that is not 200.
local paths = {}
local asked = 0

function init()
  for path in io.lines(os.getenv("BENCH_PATHS")) do
    table.insert(paths, wrk.format("GET", path))
  end
end

function request()
  asked = asked + 1
  return paths[asked % #paths + 1]
end

function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '\nBENCH {"requests": %d, "seconds": %.6f, "bytes": %d, "bad": %d}\n', summary.requests, summary.duration / 1e6,
    summary.bytes, errors.status + errors.connect + errors.read + errors.write + errors.timeout
  ))
end
