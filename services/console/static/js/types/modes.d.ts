/** Response modes and proposals to change them. */

import type { Post, ResponseMode, WithStatus } from "./fields.d.ts";

export interface ModePreview {
  zh: string;
  en: string;
}

export interface EffectiveMode {
  unit: string;
  unit_name: string;
  mode: ResponseMode;
  decided_at: string | null;
  decided_at_name: string | null;
}

export interface ModeProposal extends WithStatus {
  proposal_id: string;
  version: number;
  state: string;
  unit: string;
  unit_name: string;
  mode: ResponseMode;
  until: string;
  decide_by: string | null;
  signatures: object[];
  next_posts: Post[];
  reason: string;
  sent_at: string;
  may: string[];
  preview: ModePreview;
}

export interface ModesAnswer extends EffectiveMode {
  below: EffectiveMode[];
  proposals: ModeProposal[];
}
