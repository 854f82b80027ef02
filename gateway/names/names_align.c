#include "gateway/names/names_align.h"

#include <math.h>
#include <stdlib.h>

/* Logs of chances per character (rounded from a prototype). */
static const float MISSING_LOG = -5.52F; /* 0.004 */
static const float SWAPPED_LOG = -5.52F;
static const float DOUBLED_LOG = -6.21F;   /* 0.002 */
static const float EXTRA_LOG = -6.21F;     /* and then which one */
static const float KIN_OTHER_LOG = -6.21F; /* one of some 500 that names are made of */
static const float KIN_MISSING_LOG = -3.91F;
static const float NEVER = (float)ALIGN_NEVER;

enum { SIDE = NAME_UNITS_MAX + 1 };

/* Of all ways to a place, the cheapest, and the last step of it. */
struct place {
    float log;
    uint8_t last; /* enum align_kind */
};

struct grid {
    const struct align *align;
    struct units meant;
    struct units written;
    float stray[NAME_UNITS_MAX]; /* what each written unit costs as an extra one */
    struct place at[SIDE][SIDE];
};

static void prepare(struct grid *grid)
{
    for (size_t k = 0; k < grid->written.count; k++) {
        bool is_double = k > 0 && grid->written.at[k] == grid->written.at[k - 1];

        grid->stray[k] =
            is_double ? DOUBLED_LOG : EXTRA_LOG + (float)name_model_unit_log(grid->align->model, grid->written.at[k]);
    }
}

static void consider(struct place *place, float log, enum align_kind kind)
{
    if (log > place->log)
        *place = (struct place){log, (uint8_t)kind};
}

static bool is_swap(const struct grid *grid, size_t i, size_t k)
{
    const uint16_t *a = grid->meant.at + i - 2;
    const uint16_t *b = grid->written.at + k - 2;

    return a[0] == b[1] && a[1] == b[0] && a[0] != a[1];
}

static struct place step_to(const struct grid *grid, size_t i, size_t k)
{
    struct place place = {NEVER, ALIGN_CHANGED};

    if (i && k && grid->meant.at[i - 1] == grid->written.at[k - 1])
        consider(&place, grid->at[i - 1][k - 1].log, ALIGN_CHANGED);
    else if (i && k)
        consider(&place,
                 grid->at[i - 1][k - 1].log +
                     name_slip_log(grid->align->tables, grid->meant.at[i - 1], grid->written.at[k - 1], NULL),
                 ALIGN_CHANGED);
    if (i && i - 1 + ALIGN_DRIFT_MAX >= k)
        consider(&place, grid->at[i - 1][k].log + MISSING_LOG, ALIGN_MISSING);
    if (k && k - 1 + ALIGN_DRIFT_MAX >= i)
        consider(&place, grid->at[i][k - 1].log + grid->stray[k - 1], ALIGN_EXTRA);
    if (i > 1 && k > 1 && is_swap(grid, i, k))
        consider(&place, grid->at[i - 2][k - 2].log + SWAPPED_LOG, ALIGN_SWAPPED);
    return place;
}

static size_t apart(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* Fill one row; returns the best of it. */
static float walk_row(struct grid *grid, size_t i)
{
    size_t first = i > ALIGN_DRIFT_MAX ? i - ALIGN_DRIFT_MAX : 0;
    size_t last = i + ALIGN_DRIFT_MAX < grid->written.count ? i + ALIGN_DRIFT_MAX : grid->written.count;
    float best = NEVER;

    for (size_t k = first; k <= last; k++) {
        grid->at[i][k] = i + k == 0 ? (struct place){0, ALIGN_CHANGED} : step_to(grid, i, k);
        best = grid->at[i][k].log > best ? grid->at[i][k].log : best;
    }
    return best;
}

/* False when all ways are worse than `least`: a way reaches back two rows at most. */
static bool walk(struct grid *grid, float least)
{
    float before = 0;

    for (size_t i = 0; i <= grid->meant.count; i++) {
        float best = walk_row(grid, i);

        if (best < least && before < least)
            return false;
        before = best;
    }
    return true;
}

/* What is the same at both ends costs nothing on the cheapest way, but for one unit that a swap or a doubling may need.
 */
static void trim(struct units *meant, struct units *written)
{
    while (meant->count > 2 && written->count > 2 && meant->at[0] == written->at[0] && meant->at[1] == written->at[1]) {
        *meant = (struct units){meant->at + 1, meant->count - 1};
        *written = (struct units){written->at + 1, written->count - 1};
    }
    while (meant->count > 2 && written->count > 2 && meant->at[meant->count - 1] == written->at[written->count - 1] &&
           meant->at[meant->count - 2] == written->at[written->count - 2]) {
        meant->count--;
        written->count--;
    }
}

double align_log(const struct align *align, struct units meant, struct units written, double least)
{
    struct grid grid;

    if (apart(meant.count, written.count) > ALIGN_DRIFT_MAX)
        return ALIGN_NEVER;
    trim(&meant, &written);
    grid.align = align;
    grid.meant = meant;
    grid.written = written;
    prepare(&grid);
    if (!walk(&grid, (float)least))
        return ALIGN_NEVER;
    return grid.at[meant.count][written.count].log;
}

static bool step_back(const struct grid *grid, size_t *i, size_t *k, struct align_step *step)
{
    enum align_kind kind = (enum align_kind)grid->at[*i][*k].last;

    *i -= kind == ALIGN_SWAPPED ? 2 : kind != ALIGN_EXTRA;
    *k -= kind == ALIGN_SWAPPED ? 2 : kind != ALIGN_MISSING;
    *step = (struct align_step){.kind = kind, .meant = (uint8_t)*i, .written = (uint8_t)*k};
    if (kind == ALIGN_CHANGED)
        (void)name_slip_log(grid->align->tables, grid->meant.at[*i], grid->written.at[*k], &step->slip);
    return kind != ALIGN_CHANGED || step->slip != SLIP_NONE;
}

size_t align_steps(const struct align *align, struct units meant, struct units written,
                   struct align_step steps[ALIGN_STEPS_MAX])
{
    struct grid *grid;
    size_t i = meant.count;
    size_t k = written.count;
    size_t count = 0;

    if (apart(i, k) > ALIGN_DRIFT_MAX)
        return 0;
    grid = memory_new(sizeof(*grid));
    grid->align = align;
    grid->meant = meant;
    grid->written = written;
    prepare(grid);
    (void)walk(grid, NEVER);
    while (i + k > 0)
        count += step_back(grid, &i, &k, &steps[count]);
    free(grid);
    for (size_t a = 0, b = count; a + 1 < b; a++) {
        struct align_step held = steps[a];

        steps[a] = steps[--b];
        steps[b] = held;
    }
    return count;
}

double align_kin_log(struct units meant, struct units written)
{
    float row[SIDE];

    if (apart(meant.count, written.count) > ALIGN_DRIFT_MAX)
        return ALIGN_NEVER;
    for (size_t k = 0; k <= written.count; k++)
        row[k] = (float)k * KIN_OTHER_LOG;
    for (size_t i = 1; i <= meant.count; i++) {
        float corner = row[0];

        row[0] += KIN_MISSING_LOG;
        for (size_t k = 1; k <= written.count; k++) {
            float change = corner + (meant.at[i - 1] == written.at[k - 1] ? 0 : KIN_OTHER_LOG);

            corner = row[k];
            row[k] = fmaxf(change, fmaxf(row[k] + KIN_MISSING_LOG, row[k - 1] + KIN_OTHER_LOG));
        }
    }
    return row[written.count];
}
