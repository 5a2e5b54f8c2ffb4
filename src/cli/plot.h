/* SPDX-License-Identifier: MIT
 *
 * plot.h: lines and dots in a frame with axes, as SVG inside a page.
 */
#ifndef BA_CLI_PLOT_H
#define BA_CLI_PLOT_H

#include <stdint.h>
#include <stdio.h>

typedef struct cli_plot {
  FILE *file;
  double left, right, low, high; /* what the frame shows */
  int lines;                     /* drawn so far: each gets a colour and a line of the legend */
} cli_plot;

/* Starts a plot: the frame, about five ticks a side, and the names. A range without width is widened. */
cli_plot cli_plot_open(FILE *file, const char *title, const char *x_name, const char *y_name, const double range[4]);
/* A line through the points that are finite; with `dots` they are marked too. `name` NULL: no legend, and grey. */
void cli_plot_line(cli_plot *plot, const char *name, const double *x, const double *y, int64_t n, int dots);
/* Dots where group[i] is `chosen`, in a colour of their own; at most CLI_PLOT_GROUPS differ. */
#define CLI_PLOT_GROUPS 8
void cli_plot_dots(cli_plot *plot, const char *name, const double *x, const double *y, const int32_t *group,
                   int32_t chosen, int64_t n);
void cli_plot_close(cli_plot *plot);
/* The beginning of a page that loads nothing, up to its body. */
void cli_page_open(FILE *file, const char *title);
/* Text with what a page reads as its own escaped. */
void cli_html(FILE *file, const char *text);

#endif
