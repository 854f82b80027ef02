/* One table of columns for the three forms of a list, so that none can show what another does not. */
#include "gateway/api/public_lists.h"

#include "base/csv.h"

enum { EXITS = 1 << ANNOUNCED_EXITS, YELLOW = 1 << ANNOUNCED_YELLOW, RED = 1 << ANNOUNCED_RED };

struct cell {
    const struct list_request *request;
    const struct bulletin_row *row;
};
typedef void cell_add(const struct cell *cell, struct buf *out);

static void name_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->name);
}
static void uscc_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->uscc);
}
static void division_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->division);
}
static void division_name_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->division_name);
}
static void industry_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->industry);
}
static void equipment_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->equipment);
}
static void count_add(const struct cell *cell, struct buf *out)
{
    buf_addf(out, "%lld", (long long)cell->row->equipment_count);
}
static void capacity_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->capacity);
}
static void unit_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->capacity_unit);
}
static void authority_add(const struct cell *cell, struct buf *out)
{
    buf_add_span(out, cell->row->authority);
}
static void due_add(const struct cell *cell, struct buf *out)
{
    char text[DAY_TEXT_BYTES];

    buf_add_text(out, day_format(cell->row->due, text));
}
static void exit_add(const struct cell *cell, struct buf *out)
{
    char text[DAY_TEXT_BYTES];

    buf_add_text(out, day_format(cell->row->exit_date, text));
}

/* Programs get the slug, people the word. */
static void ground_add(const struct cell *cell, struct buf *out)
{
    bool is_word = cell->request->form != LIST_JSON && !cell->request->is_english;

    buf_add_text(out, is_word ? GROUND_NAMES[cell->row->ground] : GROUND_SLUGS[cell->row->ground]);
}

static void kind_add(const struct cell *cell, struct buf *out)
{
    static const char *const WORDS[2][2][2] = {{{"“黄牌”", "yellow list"}, {"超标排放", "excess emissions"}},
                                               {{"“红牌”", "red list"}, {"超标排放情节严重", "serious excess"}}};

    if (cell->request->form == LIST_JSON)
        buf_addf(out, "%d", cell->row->seed_row);
    else
        buf_add_text(
            out,
            WORDS[cell->request->question.list == ANNOUNCED_RED][cell->row->seed_row == 27][cell->request->is_english]);
}

static void flag_add(const struct cell *cell, bool is_set, const char *const words[2], struct buf *out)
{
    if (cell->request->form == LIST_JSON)
        buf_add_text(out, is_set ? "true" : "false");
    else if (is_set)
        buf_add_text(out, words[cell->request->is_english]);
}
static void disputed_add(const struct cell *cell, struct buf *out)
{
    flag_add(cell, cell->row->is_disputed, (const char *const[]){"异议处理中", "under dispute"}, out);
}
static void masked_add(const struct cell *cell, struct buf *out)
{
    flag_add(cell, cell->row->is_masked, (const char *const[]){"个人信息已隐去", "personal data masked"}, out);
}

static const struct {
    const char *member;
    const char *words[2]; /* zh, en */
    unsigned lists;
    bool is_bare; /* in JSON: a number, true or false */
    cell_add *add;
} COLUMNS[] = {
    {"name", {"企业名称", "Enterprise"}, EXITS | YELLOW | RED, false, name_add},
    {"uscc", {"统一社会信用代码", "Credit code"}, EXITS | YELLOW | RED, false, uscc_add},
    {"division", {"行政区划代码", "Division code"}, EXITS | YELLOW | RED, false, division_add},
    {"division_name", {"行政区划", "Division"}, EXITS | YELLOW | RED, false, division_name_add},
    {"industry", {"行业", "Industry"}, EXITS | YELLOW | RED, false, industry_add},
    {"row", {"名单", "List"}, YELLOW | RED, true, kind_add},
    {"ground", {"退出维度", "Ground"}, EXITS | YELLOW | RED, false, ground_add},
    {"equipment", {"主体设备（生产线）", "Equipment"}, EXITS, false, equipment_add},
    {"equipment_count", {"设备数量", "Number"}, EXITS, true, count_add},
    {"capacity", {"产能", "Capacity"}, EXITS, true, capacity_add},
    {"capacity_unit", {"产能单位", "Unit"}, EXITS, false, unit_add},
    {"authority", {"责令机关", "Authority"}, YELLOW | RED, false, authority_add},
    {"due", {"整改期限", "Rectify by"}, YELLOW, false, due_add},
    {"exit_date", {"退出日期", "Exited on"}, EXITS, false, exit_add},
    {"closed_on", {"关闭日期", "Closed on"}, RED, false, exit_add},
    {"disputed", {"异议", "Dispute"}, EXITS | YELLOW | RED, true, disputed_add},
    {"masked", {"说明", "Note"}, EXITS | YELLOW | RED, true, masked_add},
};

static bool is_shown(const struct list_request *request, size_t column)
{
    /* People read the name of a place. */
    if (request->form == LIST_HTML && COLUMNS[column].add == division_add)
        return false;
    return COLUMNS[column].lists & 1U << request->question.list;
}

void html_add(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        switch (text.at[i]) {
        case '&':
            buf_add_text(out, "&amp;");
            break;
        case '<':
            buf_add_text(out, "&lt;");
            break;
        case '>':
            buf_add_text(out, "&gt;");
            break;
        case '"':
            buf_add_text(out, "&quot;");
            break;
        case '\'':
            buf_add_text(out, "&#39;");
            break;
        default:
            buf_add_byte(out, text.at[i]);
        }
    }
}

static void json_cell_add(size_t column, struct span text, struct buf *out)
{
    json_string_add(out, span_of(COLUMNS[column].member));
    buf_add_byte(out, ':');
    if (text.bytes == 0)
        buf_add_text(out, "null");
    else if (COLUMNS[column].is_bare)
        buf_add_span(out, text);
    else
        json_string_add(out, text);
}

static const char *html_class(size_t column)
{
    cell_add *add = COLUMNS[column].add;

    if (add == count_add || add == capacity_add)
        return " class=\"number\"";
    return add == due_add || add == exit_add ? " class=\"day\"" : "";
}

static void html_cell_add(size_t column, struct span text, struct buf *out)
{
    buf_addf(out, column == 0 ? "<th scope=\"row\"%s>" : "<td%s>", html_class(column));
    html_add(out, text);
    buf_add_text(out, column == 0 ? "</th>" : "</td>");
}

static void json_head_add(const struct list_request *request, struct buf *out)
{
    const struct bulletin_question *question = &request->question;
    char day[DAY_TEXT_BYTES], at[INSTANT_TEXT_BYTES];

    buf_addf(out, "{\"as_of\":{\"at\":\"%s\",\"day\":\"%s\",\"sequence\":%llu},\"list\":\"%s\",",
             instant_format(request->at_ms, at), day_format(question->day, day), (unsigned long long)request->sequence,
             LIST_SLUGS[question->list]);
    if (question->list == ANNOUNCED_EXITS)
        buf_addf(out, "\"year\":%d,", question->year);
    buf_add_text(out, "\"title\":");
    json_string_add(out, span_of(list_title(request)));
    buf_add_text(out, ",\"rows\":[");
}

static void words_add(const struct list_request *request, struct buf *out)
{
    bool is_first = true;

    if (request->form == LIST_HTML)
        buf_add_text(out, "<thead><tr>");
    for (size_t i = 0; i < COUNT_OF(COLUMNS); i++) {
        const char *word = COLUMNS[i].words[request->is_english];

        if (!is_shown(request, i))
            continue;
        if (request->form == LIST_HTML)
            buf_addf(out, "<th scope=\"col\"%s>%s</th>", html_class(i), word);
        else
            buf_addf(out, is_first ? "%s" : ",%s", word);
        is_first = false;
    }
    buf_add_text(out, request->form == LIST_HTML ? "</tr></thead><tbody>\n" : "\r\n");
}

void list_head_add(const struct list_request *request, struct buf *out)
{
    if (request->form == LIST_JSON) {
        json_head_add(request, out);
        return;
    }
    if (request->form == LIST_CSV)
        buf_add_text(out, "\xEF\xBB\xBF");
    words_add(request, out);
}

static void row_begin(const struct list_request *request, struct buf *out)
{
    if (request->form == LIST_JSON)
        buf_add_text(out, request->page.count > 0 ? ",{" : "{");
    if (request->form == LIST_HTML)
        buf_add_text(out, "<tr>");
}

static void row_end(const struct list_request *request, struct buf *out)
{
    static const char *const ENDS[] = {[LIST_JSON] = "}", [LIST_CSV] = "\r\n", [LIST_HTML] = "</tr>\n"};

    buf_add_text(out, ENDS[request->form]);
}

void list_row_add(const struct list_request *request, const struct bulletin_row *row, struct buf *out)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct cell cell = {request, row};
    bool is_first = true;

    row_begin(request, out);
    for (size_t i = 0; i < COUNT_OF(COLUMNS); i++) {
        if (!is_shown(request, i))
            continue;
        buf_clear(&text);
        COLUMNS[i].add(&cell, &text);
        if (!is_first && request->form != LIST_HTML)
            buf_add_byte(out, ',');
        is_first = false;
        if (request->form == LIST_JSON)
            json_cell_add(i, buf_span(&text), out);
        else if (request->form == LIST_CSV)
            csv_cell_add(out, buf_span(&text), CSV_FOR_PEOPLE);
        else
            html_cell_add(i, buf_span(&text), out);
    }
    row_end(request, out);
}

void list_end_add(const struct list_request *request, struct buf *out)
{
    if (request->form == LIST_HTML)
        buf_add_text(out, "</tbody>");
    if (request->form != LIST_JSON)
        return;
    buf_add_text(out, "],\"next\":");
    if (request->page.mark_bytes == 0) {
        buf_add_text(out, "null}");
        return;
    }
    buf_add_byte(out, '"');
    list_mark_add(request, out);
    buf_add_text(out, "\"}");
}
