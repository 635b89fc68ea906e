package plugin

import (
	"context"
	"strconv"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const defaultQualityRows = 1000

// ist is India's time; it has no summer time.
func ist() *time.Location { return time.FixedZone("IST", 5*3600+30*60) }

// istDate is the trading date of an instant, YYYY-MM-DD.
func istDate(moment time.Time) string { return moment.In(ist()).Format(time.DateOnly) }

func (d *Datasource) quality(ctx context.Context, q query) (result, error) {
	names, notices, err := d.scope(ctx, q)
	if err != nil {
		return result{}, err
	}
	if names == nil && len(notices) > 0 {
		return result{notices: notices}, nil
	}
	var found result
	switch q.View {
	case "", "completeness":
		found, err = d.completeness(ctx, q, names)
	case "holes", "repairs":
		found, err = d.gaps(ctx, q, names)
	case "daily":
		found, err = d.dailyQuality(ctx, q, names)
	default:
		return result{}, mistakef("Data quality has no view %q: choose completeness, holes, repairs or daily.", q.View)
	}
	found.notices = append(notices, found.notices...)
	return found, err
}

// scope is the instruments asked for; none are all that are subscribed.
func (d *Datasource) scope(ctx context.Context, q query) ([]string, []data.Notice, error) {
	asked := splitNames(q.Instruments)
	if len(asked) == 0 || (len(asked) == 1 && asked[0] == "$__all") {
		return nil, nil, nil
	}
	return d.askedInstruments(ctx, asked)
}

func (d *Datasource) completeness(ctx context.Context, q query, names []string) (result, error) {
	end := q.Range.To
	if end.After(q.Now) {
		end = q.Now
	}
	answer, err := d.client.Completeness(ctx, names, istDate(end.Add(-time.Millisecond)))
	if err != nil {
		return result{}, err
	}
	notices := warnings(answer.Warnings)
	if q.Field == "day" {
		frame := series("Market", nil, about{Origin: answer.Origin},
			instants("time", one(end)), shares("day", one(answer.Completeness)))
		return result{[]*data.Frame{frame}, notices, shape{Main: "day"}}, nil
	}
	type row = tickscope.InstrumentCompleteness
	rows := answer.Instruments
	frame := table("Completeness "+answer.Date, answer.Origin,
		texts("instrument", column(rows, func(r row) string { return r.Instrument.Name() })),
		shares("completeness", column(rows, func(r row) *float64 { return r.Completeness })),
		seconds("gap_seconds", column(rows, func(r row) *float64 { return &r.GapSeconds })),
		counts("gaps", column(rows, func(r row) int64 { return r.Gaps })),
	)
	scaled(0, 1, fieldsNamed(frame, "completeness")...)
	return result{[]*data.Frame{frame}, notices, shape{"completeness", []string{"instrument"}}}, nil
}

func (d *Datasource) gaps(ctx context.Context, q query, names []string) (result, error) {
	answer, err := d.client.Gaps(ctx, names, q.Range.From, q.Range.To, q.LimitOr(defaultQualityRows))
	if err != nil {
		return result{}, err
	}
	if q.View == "repairs" {
		names, err := d.repairedNames(ctx, answer)
		return result{one(repairFrame(answer, names)), warnings(answer.Warnings), shape{"seconds", []string{"instrument"}}}, err
	}
	return result{one(holeFrame(answer)), warnings(answer.Warnings), shape{"seconds", []string{"instrument"}}}, nil
}

func holeFrame(answer tickscope.GapAnswer) *data.Frame {
	type hole = tickscope.Hole
	rows := answer.Gaps
	return table("Holes", answer.Origin,
		texts("instrument", column(rows, func(h hole) string { return h.Instrument.Name() })),
		instants("from", column(rows, func(h hole) time.Time { return h.From })),
		instants("to", column(rows, func(h hole) time.Time { return h.To })),
		seconds("seconds", column(rows, func(h hole) *float64 { length := h.To.Sub(h.From).Seconds(); return &length })),
		texts("reason", column(rows, func(h hole) string { return h.Reason })),
		texts("status", column(rows, func(h hole) string { return holeStatus(h, answer.Repairs) })),
	)
}

// holeStatus is what the record says about a hole that is missing now: open where repair has not seen it yet.
func holeStatus(hole tickscope.Hole, repairs []tickscope.Repair) string {
	status := "open"
	var latest time.Time
	for _, repair := range repairs {
		same := repair.Token == nil || *repair.Token == hole.Instrument.Token
		meets := repair.From.Before(hole.To) && (repair.To == nil || repair.To.After(hole.From))
		if same && meets && !repair.From.Before(latest) {
			status, latest = repair.Status, repair.From
		}
	}
	return status
}

func repairFrame(answer tickscope.GapAnswer, names map[int64]string) *data.Frame {
	type repair = tickscope.Repair
	rows := answer.Repairs
	return table("Repairs", answer.Origin,
		texts("instrument", column(rows, func(r repair) *string { return repairedName(r, names) })),
		instants("from", column(rows, func(r repair) time.Time { return r.From })),
		instants("to", column(rows, func(r repair) *time.Time { return r.To })),
		seconds("seconds", column(rows, func(r repair) *float64 { return r.Seconds })),
		texts("cause", column(rows, func(r repair) string { return r.Cause })),
		texts("status", column(rows, func(r repair) string { return r.Status })),
		counts("attempts", column(rows, func(r repair) int64 { return r.Attempts })),
		instants("last_attempt_at", column(rows, func(r repair) *time.Time { return r.LastAttemptAt })),
		instants("recovered_at", column(rows, func(r repair) *time.Time { return r.RecoveredAt })),
		texts("source", column(rows, func(r repair) *string { return r.Source })),
		texts("feed", column(rows, func(r repair) *string { return r.Feed })),
		counts("instruments", column(rows, func(r repair) int64 { return r.Instruments })),
		counts("instruments_left", column(rows, func(r repair) int64 { return r.Left })),
		texts("message", column(rows, func(r repair) *string { return r.Message })),
	)
}

// repairedNames are the instruments of repairs by token; the holes that are left name most of them.
func (d *Datasource) repairedNames(ctx context.Context, answer tickscope.GapAnswer) (map[int64]string, error) {
	names := map[int64]string{}
	for _, hole := range answer.Gaps {
		names[hole.Instrument.Token] = hole.Instrument.Name()
	}
	var unnamed []string
	for _, repair := range answer.Repairs {
		if repair.Token != nil && names[*repair.Token] == "" {
			names[*repair.Token] = strconv.FormatInt(*repair.Token, 10)
			unnamed = append(unnamed, names[*repair.Token])
		}
	}
	found, _, err := each(ctx, unnamed, d.client.Instrument)
	for _, instrument := range found {
		names[instrument.Token] = instrument.Name()
	}
	return names, err
}

// repairedName is nil where a hole is a whole feed's.
func repairedName(repair tickscope.Repair, names map[int64]string) *string {
	if repair.Token == nil {
		return nil
	}
	name := names[*repair.Token]
	return &name
}

func (d *Datasource) dailyQuality(ctx context.Context, q query, names []string) (result, error) {
	end := q.Range.To.Add(-time.Millisecond)
	origin, days, err := d.client.Quality(ctx, names, istDate(q.Range.From), istDate(end), q.LimitOr(defaultQualityRows))
	if err != nil {
		return result{}, err
	}
	type day = tickscope.QualityDay
	frame := table("Daily quality", origin,
		instants("date", column(days, func(r day) time.Time { return midnight(r.TradingDate) })),
		texts("instrument", column(days, func(r day) string { return r.Instrument.Name() })),
		shares("completeness", column(days, func(r day) *float64 { return r.Completeness })),
		shares("accuracy", column(days, func(r day) *float64 { return r.Accuracy })),
		texts("quality", column(days, func(r day) *string { return r.Quality })),
	)
	scaled(0, 1, fieldsNamed(frame, "completeness", "accuracy")...)
	var notices []data.Notice
	if len(days) == 0 {
		notices = append(notices, info("No day of this range was compared with the broker yet: that happens after the market's close."))
	}
	return result{one(frame), notices, shape{"completeness", []string{"instrument"}}}, nil
}

// midnight is where an IST date begins.
func midnight(date string) time.Time {
	day, err := time.ParseInLocation(time.DateOnly, date, ist())
	if err != nil {
		return time.Time{}
	}
	return day
}
