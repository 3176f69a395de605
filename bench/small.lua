-- Posts a small file as multipart/form-data, each under a name of its own; counts every answer that is not 201.
-- Arguments: a file to send, its name and its media type; without them a text of 1 KB. No two have the same bytes.
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

function init(args)
  name, media_type = args[2] or "note.txt", args[3] or "text/plain"
  if args[1] then
    local file = assert(io.open(args[1], "rb"))
    content = file:read("a")
    file:close()
  end
  run = string.format("%d-%d", os.time(), number)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
end

function request()
  sent = sent + 1
  local head = '--%s\r\nContent-Disposition: form-data; name="file"; filename="%s-%d-%s"\r\n'
  local number = string.format("%023d\n", sent)
  local body = string.format(head, boundary, run, sent, name)
    .. "Content-Type: " .. media_type .. "\r\n\r\n"
    .. (content and content .. number or number .. text)
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
