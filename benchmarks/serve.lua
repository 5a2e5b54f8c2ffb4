-- SPDX-License-Identifier: MIT
-- serve.lua: what wrk sends: 4,096 FASTA records of 250 bases a connection thread, one a request.
local bodies, next_body = {}, 0
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end

function init(args)
  math.randomseed(seed * 7919 + tonumber(args[1] or "0"))
  for i = 1, tonumber(args[2] or "4096") do
    local letters = {}
    for j = 1, 250 do
      local at = math.random(4)
      letters[j] = ("ACGT"):sub(at, at)
    end
    bodies[i] = wrk.format("POST", "/predict", nil, ">r\n" .. table.concat(letters) .. "\n")
  end
end

function request()
  next_body = next_body % #bodies + 1
  return bodies[next_body]
end

function done(summary, latency, requests)
  io.write(string.format("figures %.1f %d %d %d\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
