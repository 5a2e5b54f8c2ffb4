/* SPDX-License-Identifier: MIT
 *
 * plot.c: small plots as SVG, so that a page needs no program and no network to show them.
 */
#include "plot.h"

#include <math.h>

enum { WIDTH = 440, HEIGHT = 320, LEFT = 64, RIGHT = 14, TOP = 34, BOTTOM = 46, TICKS = 5 };

/* Colours that remain apart for most who see few of them (Okabe and Ito 2008). */
static const char *const colours[CLI_PLOT_GROUPS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                     "#e69f00", "#56b4e9", "#000000", "#999999"};

void cli_html(FILE *file, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '<')
      fputs("&lt;", file);
    else if (*text == '>')
      fputs("&gt;", file);
    else if (*text == '&')
      fputs("&amp;", file);
    else if (*text == '"')
      fputs("&quot;", file);
    else
      fputc(*text, file);
  }
}

static const char style[] =
    "<style>\n"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}\n"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}code{overflow-wrap:anywhere;background:#f3f3f3;padding:."
    "1em "
    ".3em}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:.2rem .7rem;text-align:right;"
    "border-bottom:1px solid #ddd}\n"
    "td:first-child,th:first-child,.left td{text-align:left}tr.best{font-weight:600;background:#eef6fb}\n"
    ".plots{display:flex;flex-wrap:wrap;gap:1rem}svg{max-width:100%;height:auto}svg text{font:12px "
    "system-ui,sans-serif;"
    "fill:#333}\n"
    ".frame{fill:none;stroke:#888}.grid{stroke:#e4e4e4}.bar{display:inline-block;height:.7em;background:#0072b2}"
    ".minus{background:#d55e00}\n"
    "</style></head><body>\n";

void cli_page_open(FILE *file, const char *title) {
  fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>", file);
  cli_html(file, title);
  fprintf(file, "</title>\n%s", style);
}

static double across(const cli_plot *p, double x) {
  return LEFT + (x - p->left) / (p->right - p->left) * (WIDTH - LEFT - RIGHT);
}

static double up(const cli_plot *p, double y) {
  return HEIGHT - BOTTOM - (y - p->low) / (p->high - p->low) * (HEIGHT - TOP - BOTTOM);
}

static void widen(double *low, double *high) {
  if (*high > *low) return;
  const double room = *low != 0.0 ? fabs(*low) * 0.1 : 1.0;
  *low -= room;
  *high += room;
}

/* 1, 2 or 5 times a power of ten, for about five ticks. */
static double tick_step(double low, double high) {
  const double rough = (high - low) / TICKS, power = pow(10.0, floor(log10(rough)));
  return power * (rough < 1.5 * power ? 1.0 : rough < 3.5 * power ? 2.0 : rough < 7.5 * power ? 5.0 : 10.0);
}

static void print_tick(char *text, size_t room, double value, double step) {
  snprintf(text, room, "%.4g", fabs(value) < step * 1e-6 ? 0.0 : value);
}

static void label(FILE *file, double x, double y, const char *anchor, const char *text) {
  fprintf(file, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
  cli_html(file, text);
  fputs("</text>\n", file);
}

cli_plot cli_plot_open(FILE *file, const char *title, const char *x_name, const char *y_name, const double range[4]) {
  cli_plot p = {file, range[0], range[1], range[2], range[3], 0};
  char text[32];
  widen(&p.left, &p.right);
  widen(&p.low, &p.high);
  fprintf(file, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n<title>", WIDTH, HEIGHT, WIDTH,
          HEIGHT);
  cli_html(file, title);
  fprintf(file, "</title>\n<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT, TOP,
          WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
  for (double step = tick_step(p.left, p.right), x = ceil(p.left / step) * step; x <= p.right + step * 1e-6;
       x += step) {
    print_tick(text, sizeof text, x, step);
    label(file, across(&p, x), HEIGHT - BOTTOM + 16, "middle", text);
  }
  for (double step = tick_step(p.low, p.high), y = ceil(p.low / step) * step; y <= p.high + step * 1e-6; y += step) {
    print_tick(text, sizeof text, y, step);
    label(file, LEFT - 6, up(&p, y) + 4, "end", text);
    fprintf(file, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, up(&p, y), WIDTH - RIGHT);
  }
  label(file, LEFT, 14, "start", title);
  label(file, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10, "middle", x_name);
  fprintf(file, "<g transform=\"translate(14 %d) rotate(-90)\">", (TOP + HEIGHT - BOTTOM) / 2);
  label(file, 0, 0, "middle", y_name);
  fputs("</g>\n", file);
  return p;
}

void cli_plot_line(cli_plot *p, const char *name, const double *x, const double *y, int64_t n, int dots) {
  const char *colour = name != NULL ? colours[p->lines % 3] : "#999";
  fprintf(p->file, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%s\"%s d=\"", colour, name != NULL ? "2" : "1",
          name != NULL ? "" : " stroke-dasharray=\"4 3\"");
  char next = 'M';
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(x[i]) || !isfinite(y[i])) continue;
    fprintf(p->file, "%c%.2f %.2f", next, across(p, x[i]), up(p, y[i]));
    next = 'L';
  }
  fputs("\"/>\n", p->file);
  for (int64_t i = 0; dots && i < n; i++)
    if (isfinite(x[i]) && isfinite(y[i]))
      fprintf(p->file, "<circle r=\"3.5\" fill=\"%s\" cx=\"%.2f\" cy=\"%.2f\"/>\n", colour, across(p, x[i]),
              up(p, y[i]));
  if (name == NULL) return;
  const double at = LEFT + 130.0 * p->lines++;
  fprintf(p->file, "<path stroke=\"%s\" stroke-width=\"2\" d=\"M%.0f 25h18\"/>\n", colour, at);
  label(p->file, at + 23, 29, "start", name);
}

void cli_plot_dots(cli_plot *p, const char *name, const double *x, const double *y, const int32_t *group,
                   int32_t chosen, int64_t n) {
  const char *colour = colours[p->lines % CLI_PLOT_GROUPS];
  fprintf(p->file, "<g fill=\"%s\" fill-opacity=\"0.55\">\n", colour);
  for (int64_t i = 0; i < n; i++)
    if (group[i] == chosen && isfinite(x[i]) && isfinite(y[i]))
      fprintf(p->file, "<circle r=\"2.2\" cx=\"%.2f\" cy=\"%.2f\"/>\n", across(p, x[i]), up(p, y[i]));
  fputs("</g>\n", p->file);
  const double at = TOP + 14.0 + 15.0 * p->lines++;
  fprintf(p->file, "<circle r=\"4\" fill=\"%s\" cx=\"%d\" cy=\"%.0f\"/>\n", colour, LEFT + 12, at - 4);
  label(p->file, LEFT + 21, at, "start", name);
}

void cli_plot_close(cli_plot *p) {
  fputs("</svg>\n", p->file);
}
