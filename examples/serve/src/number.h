/* SPDX-License-Identifier: MIT
 *
 * number.h: doubles as text.
 */
#ifndef SERVE_NUMBER_H
#define SERVE_NUMBER_H

enum { NUMBER_ROOM = 26 };

/* What printf gives with %.17g, several times as fast for numbers of ordinary size: a request writes two. */
void number_text(double value, char text[NUMBER_ROOM]);

#endif
