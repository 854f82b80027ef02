/* csv.h - records of a CSV text, RFC 4180: fields between commas, quotes around what holds commas, quotes or line
 * breaks, quotes inside doubled. Lines end in LF or CR LF; in CR when the first line does. A quote inside a field that
 * does not begin with one is text; blanks before a quote, or text after one, are a fault.
 *
 * One record at a time in bounded memory: what is longer than the limits is walked over and the record says so. */
#ifndef GATEWAY_INTAKE_CSV_H
#define GATEWAY_INTAKE_CSV_H

#include "gateway/intake/record.h"

/* The next piece of text, UTF-8; empty at the end. */
typedef bool csv_source(void *context, struct span *piece, struct error *err);

struct csv;

struct csv *csv_new(csv_source *source, void *context);
/* Another byte than the comma, as the tabulator; before the first record. */
void csv_set_separator(struct csv *csv, char separator);
void csv_free(struct csv *csv);
/* *is_end: there was no further record. A quote that is never closed refuses the file, naming the record in which it
 * was opened. */
MUST_CHECK bool csv_next(struct csv *csv, struct record *record, bool *is_end, struct error *err);

DEFINE_AUTO(struct csv *, csv_free)

#endif
