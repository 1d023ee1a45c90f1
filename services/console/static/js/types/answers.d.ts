/** The answers of the API by the path of the request. */

import type {
  AgencyWarning,
  Alarm,
  Alert,
  AlertDetail,
  AlertWords,
  PagePreview,
  ProposedCommand,
  ProposedIncident,
  ReadingsAnswer,
  Sensor,
  Silence,
  SilentSensor,
  Trend,
} from "./alerts.d.ts";
import type { Case, CaseDetail, EvaluationAnswer, TimelineEntry } from "./cases.d.ts";
import type {
  Assignment,
  BelowAnswer,
  BulkStep,
  Command,
  CommandDetail,
  CommandDraft,
  CommandPreview,
  CourseAnswer,
  SupervisedCommand,
  SupervisedUnit,
  SupervisionEntry,
} from "./commands.d.ts";
import type {
  Colleague,
  DutyAnswer,
  DutyCalendarAnswer,
  DutyGap,
  Reach,
  ReachablePost,
} from "./duty.d.ts";
import type {
  Backtest,
  CaseResults,
  DefinitionCheck,
  DefinitionDocument,
  DefinitionsAnswer,
  PublishedVersions,
} from "./definitions.d.ts";
import type { ListAnswer } from "./fields.d.ts";
import type { LedgerAnswer, LedgerDecision, LedgerVersion } from "./ledger.d.ts";
import type { LettersAnswer } from "./letters.d.ts";
import type {
  LimitsAnswer,
  LimitsChecked,
  LimitsDocument,
  LimitsDraft,
  LimitsPreview,
} from "./limits.d.ts";
import type { LoadAnswer } from "./load.d.ts";
import type { ModePreview, ModesAnswer } from "./modes.d.ts";
import type { MapAnswer, OverviewAnswer, Page, WhyAnswer } from "./overview.d.ts";
import type { FeedLine, Officer } from "./page.d.ts";
import type { IncidentAnswer, ReportingAnswer } from "./reports.d.ts";
import type { AccountsAnswer, DrillCourse, PasswordLink, SelfCheckAnswer } from "./start.d.ts";
import type { RecordedSource, Source, SourcesAnswer } from "./sources.d.ts";
import type { Photo, UnitsAnswer } from "./units.d.ts";

/** The answer to a GET request, by its path; the most specific path comes first. */
export type AnswerOf<Path extends string> = Path extends "/api/me"
  ? Officer
  : Path extends "/api/overview"
    ? OverviewAnswer
    : Path extends "/api/map"
      ? MapAnswer
      : Path extends `/api/${"alerts" | "pages"}/${string}/why`
        ? WhyAnswer
        : Path extends "/api/alerts"
          ? ListAnswer & { alerts: Alert[] }
          : Path extends `/api/alerts/${string}/wording`
            ? AlertWords
            : Path extends `/api/alerts/${string}`
              ? AlertDetail
              : Path extends "/api/alarms"
                ? ListAnswer & { alarms: Alarm[] }
                : Path extends "/api/silences"
                  ? { silences: Silence[] }
                  : Path extends `/api/warnings/${string}/command`
                    ? ProposedCommand
                    : Path extends `/api/warnings/${string}/incident`
                      ? ProposedIncident
                      : Path extends "/api/warnings"
                        ? ListAnswer & { warnings: AgencyWarning[] }
                        : Path extends "/api/sensors/silent"
                          ? ListAnswer & { sensors: SilentSensor[] }
                          : Path extends `/api/sensors/${string}/readings`
                            ? ReadingsAnswer
                            : Path extends "/api/sensors"
                              ? ListAnswer & { sensors: Sensor[] }
                              : Path extends "/api/trends"
                                ? { trends: Trend[] }
                                : CommandAnswerOf<Path>;

type CommandAnswerOf<Path extends string> = Path extends "/api/commands"
  ? ListAnswer & { commands: Command[] }
  : Path extends "/api/command-drafts"
    ? { drafts: CommandDraft[] }
    : Path extends `/api/commands/${string}/below`
      ? BelowAnswer
      : Path extends `/api/${"commands" | "cases"}/${string}/course`
        ? CourseAnswer
        : Path extends `/api/commands/${string}`
          ? CommandDetail
          : Path extends "/api/assignments"
            ? ListAnswer & { assignments: Assignment[] }
            : Path extends "/api/supervision"
              ? ListAnswer & { supervision: SupervisionEntry[] }
              : Path extends "/api/supervision/units"
                ? { units: SupervisedUnit[] }
                : Path extends "/api/supervision/commands"
                  ? ListAnswer & { commands: SupervisedCommand[] }
                  : Path extends "/api/units"
                    ? UnitsAnswer
                    : Path extends "/api/feed"
                      ? { lines: FeedLine[] }
                      : Path extends "/api/pages"
                        ? ListAnswer & { pages: Page[]; waiting: number }
                        : Path extends `/api/pages/${string}/colleagues`
                          ? { colleagues: Colleague[] }
                          : CaseAnswerOf<Path>;

type CaseAnswerOf<Path extends string> = Path extends "/api/cases"
  ? ListAnswer & { cases: Case[]; next: string | null }
  : Path extends `/api/cases/${string}/timeline`
    ? { lines: TimelineEntry[]; next: string | null }
    : Path extends `/api/cases/${string}/evaluation`
      ? EvaluationAnswer
      : Path extends `/api/cases/${string}/photos`
        ? { photos: Photo[] }
        : Path extends `/api/cases/${string}`
          ? CaseDetail
          : Path extends "/api/duty"
            ? DutyAnswer
            : Path extends "/api/duty/calendar"
              ? DutyCalendarAnswer
              : Path extends "/api/duty/gaps"
                ? { gaps: DutyGap[] }
                : Path extends "/api/duty/reachability"
                  ? ListAnswer & {
                      posts: ReachablePost[];
                      counts: Record<Reach, number>;
                    }
                  : Path extends "/api/modes"
                    ? ModesAnswer
                    : Path extends "/api/modes/preview"
                      ? ModePreview
                      : Path extends "/api/reporting"
                        ? ReportingAnswer
                        : Path extends `/api/incidents/${string}/reports`
                          ? IncidentAnswer
                          : Path extends "/api/letters"
                            ? LettersAnswer
                            : Path extends "/api/load"
                              ? LoadAnswer
                              : AdminAnswerOf<Path>;

type LedgerAnswerOf<Path extends string> = Path extends "/api/ledger"
  ? LedgerAnswer
  : Path extends "/api/ledger/entry"
    ? LedgerVersion
    : Path extends "/api/ledger/history"
      ? { versions: LedgerVersion[] }
      : Path extends `/api/ledger/decisions/${string}`
        ? LedgerDecision
        : never;

type AdminAnswerOf<Path extends string> = Path extends "/api/definitions"
  ? DefinitionsAnswer
  : Path extends `/api/definitions/${string}/${string}`
    ? DefinitionDocument
    : Path extends "/api/self-check"
      ? SelfCheckAnswer
      : Path extends "/api/accounts"
        ? AccountsAnswer
        : Path extends `/api/drills/readings/${string}/course`
          ? DrillCourse
          : Path extends `/api/ledger${string}`
            ? LedgerAnswerOf<Path>
            : Path extends "/api/sources"
              ? SourcesAnswer
              : Path extends `/api/sources/${string}`
                ? Source
                : LimitsAnswerOf<Path>;

type LimitsAnswerOf<Path extends string> = Path extends "/api/limits"
  ? LimitsAnswer
  : Path extends `/api/limits/documents/${string}`
    ? LimitsDocument
    : Path extends `/api/limits/drafts/${string}/preview`
      ? LimitsPreview
      : Path extends `/api/limits/drafts/${string}`
        ? LimitsDraft
        : never;

/** The answer to a POST request whose content is read. */
export type PostAnswerOf<Path extends string> = Path extends "/api/commands/preview"
  ? CommandPreview
  : Path extends `/api/alerts/${string}/preview` | "/api/commands/page-preview"
    ? PagePreview
    : Path extends "/api/assignments/acknowledgements"
      ? { recorded: number; results: BulkStep[] }
      : Path extends "/api/definitions/check"
        ? DefinitionCheck
        : Path extends "/api/definitions/test"
          ? CaseResults
          : Path extends "/api/definitions/backtest"
            ? Backtest
            : Path extends `/api/definitions/${"publish" | "acts"}`
              ? PublishedVersions
              : Path extends `/api/accounts/${string}/password-link`
                ? PasswordLink
                : Path extends "/api/drills/readings"
                  ? { id: string; repeated: boolean; sensor_id: string }
                  : Path extends "/api/limits/checks"
                    ? LimitsChecked
                    : Path extends "/api/ledger/requests"
                      ? { id: string; repeated: boolean }
                      : Path extends `/api/sources${string}`
                        ? RecordedSource
                        : unknown;

/** The entry of a list that lies in the field `Name` of the answer. */
export type EntryOf<Path extends string, Name extends string> =
  AnswerOf<Path> extends { [K in Name]: (infer Entry)[] } ? Entry : never;
