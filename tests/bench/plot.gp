# SPDX-License-Identifier: GPL-2.0-or-later
#
# The plot of `make bench`, from data to target (bench.py, plot()): requests in
# a second with least and greatest, and how long they took.

set terminal pngcairo size 1100,900 font "sans,11" background "white"
set output target
set multiplot layout 2,1
set border 3
set tics nomirror
set grid ytics lc rgb "#dddddd"
set key outside right top

set title "Complete connection requests in a second: median, least and greatest"
set style data histograms
set style histogram errorbars gap 1 lw 1
set errorbars lc rgb "#333333"
set style fill solid 0.9 noborder
set xtics rotate by -20
set yrange [0:*]
plot data using 2:3:4:xtic(1) lc rgb "#2b6ca3" title "new connection", \
     data using 5:6:7 lc rgb "#9cc3e0" title "kept connection"

set title "Time of a complete request on new connections, open loop"
set style histogram clustered gap 1
set ylabel "microseconds"
set logscale y
set format y "%.0f"
set yrange [*:*]
plot data using 8:xtic(1) lc rgb "#2b6ca3" title "p50", \
     data using 9 lc rgb "#6aa3cf" title "p90", \
     data using 10 lc rgb "#e0a458" title "p99", \
     data using 11 lc rgb "#c8553d" title "p99.9"
unset multiplot
