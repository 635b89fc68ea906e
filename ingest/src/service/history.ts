import type { Logger } from 'pino';
import type { Broker } from '../broker/broker.js';
import { type CandleService, createCandleService } from '../candles/candle-service.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import type { SessionsStore } from '../db/sessions-store.js';
import { GapLedger } from '../gaps/ledger.js';
import type { Metrics } from '../metrics.js';
import { EndOfDay } from '../quality/end-of-day.js';
import { CorporateActions, historyAsTraded } from '../quality/scale.js';
import { Repairer } from '../repair/repairer.js';
import { backupSource, historicalApi } from '../repair/source.js';
import type { Calendar } from '../sessions/calendar.js';
import type { LiveRegistry } from './live-registry.js';
import type { SecondSource } from './second-source.js';

export interface HistoryParts {
  readonly config: Pick<Config, 'heal' | 'quality'>;
  readonly db: Database;
  readonly broker: Broker;
  readonly registry: LiveRegistry;
  readonly calendar: Calendar;
  readonly sessions: SessionsStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly second: SecondSource | undefined;
  /** False while only a login helps. */
  readonly hasToken: () => boolean;
  readonly marketOpen: () => boolean;
  /** Tokens that somebody looks at. */
  readonly lookedAt: () => readonly number[];
  /** Older holes are repaired, older days compared, only when they are asked for. */
  readonly days: number;
}

/** All that lives on the broker's history. Nothing is started. */
export interface History {
  readonly candles: CandleService;
  readonly actions: CorporateActions;
  readonly repairer: Repairer;
  readonly endOfDay: EndOfDay;
}

/** The broker's history as it was traded: candles that heal, the ledger's repairs and the end-of-day comparison upon it. */
export async function openHistory(parts: HistoryParts): Promise<History> {
  const { config, db, broker, registry, calendar, clock, log, metrics, hasToken, days } = parts;
  const { settleSeconds, daySettleMinutes, asMinutesDays } = config.heal;
  const ledger = new GapLedger({ db, clock, log, settleSeconds });
  const actions = await CorporateActions.read(db.pool);
  const tradedHistory = historyAsTraded(broker, (brokerToken) =>
    actions.of(registry.current.byBrokerToken(brokerToken)?.token ?? Number.NaN),
  );
  const common = {
    db,
    calendar,
    sessions: parts.sessions,
    clock,
    log,
    metrics,
    config: { settleSeconds, daySettleMinutes, healAsMinutesDays: asMinutesDays },
  };
  const own = createCandleService({ ...common, broker: tradedHistory });
  const other =
    parts.second &&
    createCandleService({
      ...common,
      broker: parts.second.history(broker.name, registry, actions),
      isSecond: true,
    });
  const candles = other ? hearingOf(own, other) : own;
  own.onStored((token) => ledger.changed(token, 'HISTORICAL_API'));
  other?.onStored((token) => ledger.changed(token, 'BACKUP_SOURCE'));
  const repairer = new Repairer({
    db,
    ledger,
    sources: [
      historicalApi(own, hasToken),
      ...(other ? [backupSource(other, () => parts.second?.isReady ?? false, clock)] : []),
    ],
    broker,
    brokerToken: (token) => registry.current.brokerToken(token),
    clock,
    log,
    metrics,
    sessionOn: parts.marketOpen,
    lookedAt: parts.lookedAt,
    repairDays: days,
  });
  const endOfDay = new EndOfDay({
    db,
    broker: tradedHistory,
    candles,
    calendar,
    actions,
    clock,
    log,
    metrics,
    hasToken,
    settings: config.quality,
    settleSeconds,
    daySettleMinutes,
    days,
  });
  return { candles, actions, repairer, endOfDay };
}

/** `own`, whose listeners hear of what `other` stores too, and which stops both. */
function hearingOf(own: CandleService, other: CandleService): CandleService {
  return Object.assign(Object.create(own) as CandleService, {
    onStored(listener: (token: number) => void) {
      const undo = [own.onStored(listener), other.onStored(listener)];
      return () => {
        for (const stop of undo) stop();
      };
    },
    async stop() {
      await Promise.all([own.stop(), other.stop()]);
    },
  });
}
