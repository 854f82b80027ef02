// The ways a record in force changes: one at a time on its own page, or several with one form.
export type ChangeKind = "correct" | "withdraw" | "dispute" | "settle" | "repair";

// What it is called, and what it does to each record.
export const CHANGES: Record<ChangeKind, { zh: string; en: string; does: [string, string] }> = {
  correct: { zh: "变更", en: "Correct", does: ["批准后以新版本取代现有内容，并依次报送信用广东、全国平台、信用中国；查询即时按新版本答复。", "Once approved, a new version replaces what is there, is sent to Credit Guangdong, the national platform and Credit China in turn; lookups answer by it at once."] },
  withdraw: { zh: "撤销", en: "Withdraw", does: ["原认定有误时用。批准后查询即时不再显示；撤销依次报送各平台，停止公示。", "For a record that should not have been. Once approved, lookups stop showing it at once; every platform is told to end publication."] },
  dispute: { zh: "异议标注", en: "Mark as disputed", does: ["批准后查询答复和各平台上标注“异议中”；记录仍然有效。", "Once approved, answers and platforms show it as disputed; it stays in force."] },
  settle: { zh: "异议解除", en: "Settle the dispute", does: ["批准后去除“异议中”标注，记录按原内容继续有效。", "Once approved, the mark is removed; the record goes on as it was."] },
  repair: { zh: "信用修复", en: "Repair", does: ["批准后停止公示、共享和使用，查询即时不再显示；修复依次报送各平台，惩戒措施同时解除。", "Once approved, publication, sharing and use stop, lookups stop showing it at once; every platform is told, measures are lifted."] },
};
