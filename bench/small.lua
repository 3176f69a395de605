-- Posts a small text as multipart/form-data, each under a name of its own; counts every answer that is not 201.
local boundary = "picasso-bench-5f0c1a77"
local line = "The quick brown fox jumps over the lazy dog, and the bench counts.\n"
local text = string.rep(line, 16):sub(1, 1000)
local threads = {}
local sent = 0

wrong = 0

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init()
  run = string.format("%d-%d", os.time(), number)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
end

function request()
  sent = sent + 1
  local head = '--%s\r\nContent-Disposition: form-data; name="file"; filename="note-%s-%d.txt"\r\n'
  local body = string.format(head, boundary, run, sent)
    .. "Content-Type: text/plain\r\n\r\n"
    .. string.format("%023d\n", sent) .. text
    .. "\r\n--" .. boundary .. "--\r\n"
  return wrk.format(nil, nil, nil, body)
end

function response(status)
  if status ~= 201 then
    wrong = wrong + 1
  end
end

function done(summary, latency)
  local bad = 0
  for _, thread in ipairs(threads) do
    bad = bad + thread:get("wrong")
  end
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\nBENCH {"requests": %d, "seconds": %.6f, "not_created": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, bad, broken, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
