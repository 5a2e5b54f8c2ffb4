-- SPDX-License-Identifier: MIT
-- For wrk: 250 bases to score, under a name that no other request has.
local threads, sent = 0, 0

function setup(thread)
  thread:set("place", threads)
  threads = threads + 1
end

function init()
  math.randomseed(place)
end

function request()
  local letters = {}
  for i = 1, 250 do
    local at = math.random(4)
    letters[i] = ("ACGT"):sub(at, at)
  end
  sent = sent + 1
  return wrk.format("POST", "/predict", nil, string.format(">load-%d-%d\n%s\n", place, sent, table.concat(letters)))
end
