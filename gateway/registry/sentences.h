/* sentences.h - the two sentences of a record that come from the obligation, in Chinese, by pure functions. */
#ifndef GATEWAY_REGISTRY_SENTENCES_H
#define GATEWAY_REGISTRY_SENTENCES_H

#include "schemas/obligation.h"

/* 主要失信事实: ground, facilities and capacity, deadline with extension, finding (upstreams.md ZYSXSS). At most
 * RECORD_FACTS_MAX bytes whatever the row holds, without control characters. Added to `out`. */
void sentence_facts_add(const struct obligation *obligation, struct buf *out);
/* 行政处理决定主要内容: who ordered what, when, under which number (SCFZYNR). The same limits. */
void sentence_order_add(const struct obligation *obligation, struct buf *out);

#endif
