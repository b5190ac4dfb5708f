# What is different for fuzzing: tables so small that a short script fills them,
# and that a new gate for every input costs little.
s/(FLOWS_MAX\t*= )1024,/\19,/
s/(EMBRYOS_MAX\t*= )256,/\13,/
s/(EMBRYOS_PER_SOURCE\t*= )32,/\12,/
s/(FLOWS_PER_SOURCE\t*= LIVE_MAX \/ )4,/\12,/
s/(HEADS_PER_SOURCE\t*= )16,/\12,/
s/(HEADS_MAX\t*= )64,/\13,/
s/(REPLIES_MAX\t*= )64,/\12,/
s/(NONCES_MAX\t*= )256,/\18,/
s/(SOURCES_MAX\t*= )1024,/\116,/
s/(REQUESTS_PER_FLOW\t*= )8,/\13,/
