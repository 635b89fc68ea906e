package plugin

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const (
	// maxWait for the broker, as Tickscope has it; shorter where the data source's time-out is.
	maxWait = 3 * time.Second
	// maxTalkative frames say each for itself what is missing; more share one sentence.
	maxTalkative = 3
)

// candleAbout is what meta.custom.tickscope says of candles; instants are epoch milliseconds.
type candleAbout struct {
	Instrument   string      `json:"instrument"`
	Token        int64       `json:"token"`
	Interval     string      `json:"interval"`
	Completeness *float64    `json:"completeness"`
	Gaps         []gapCustom `json:"gaps"`
	Backfilled   int         `json:"backfilled"`
	Warnings     []string    `json:"warnings"`
}

type gapCustom struct {
	From   int64  `json:"from"`
	To     int64  `json:"to"`
	Reason string `json:"reason"`
}

func (d *Datasource) candles(ctx context.Context, q query) (result, error) {
	of := shape{Main: "close"}
	answers, notices, err := d.candleAnswers(ctx, q)
	if err != nil {
		return result{}, err
	}
	frames := make([]*data.Frame, len(answers))
	for i, answer := range answers {
		frames[i] = candleFrame(answer)
		if q.Live() {
			follow(frames[i], channel(q.UID, "bar", answer.Instrument.Token, answer.Interval))
		}
	}
	return result{frames, append(notices, d.tell(q, frames, answers)...), of}, nil
}

// candleAnswers asks for all instruments in one request and leaves out those that are unknown, with a notice.
func (d *Datasource) candleAnswers(ctx context.Context, q query) ([]tickscope.CandleAnswer, []data.Notice, error) {
	names, notices, err := d.askedInstruments(ctx, q.Instruments)
	if err != nil || len(names) == 0 {
		return nil, notices, err
	}
	request, err := d.candleRequest(q, names)
	if err != nil {
		return nil, nil, err
	}
	results, err := d.client.Candles(ctx, request)
	if err != nil {
		return nil, notices, err
	}
	var answers []tickscope.CandleAnswer
	for _, found := range results {
		if found.Failure != nil {
			notices = append(notices, warning("%s", found.Failure.Message))
			continue
		}
		answers = append(answers, found.CandleAnswer)
	}
	return answers, notices, nil
}

func (d *Datasource) candleRequest(q query, names []string) (tickscope.CandleRequest, error) {
	interval, err := q.CandleInterval()
	if err != nil {
		return tickscope.CandleRequest{}, err
	}
	fill := q.Fill
	if fill != "previous" {
		fill = "none"
	}
	return tickscope.CandleRequest{
		Instruments: names,
		Interval:    interval,
		From:        q.Range.From,
		To:          q.Range.To,
		Fill:        fill,
		Backfill:    q.Heal == nil || *q.Heal,
		Limit:       q.LimitOr(0),
		Wait:        min(maxWait, d.client.Timeout()/2),
	}, nil
}

func candleFrame(answer tickscope.CandleAnswer) *data.Frame {
	name := answer.Instrument.Name()
	gaps := column(answer.Gaps, func(gap tickscope.Gap) gapCustom {
		return gapCustom{gap.From.UnixMilli(), gap.To.UnixMilli(), gap.Reason}
	})
	of := about{Origin: answer.Origin, candleAbout: &candleAbout{
		Instrument: name, Token: answer.Instrument.Token, Interval: answer.Interval,
		Completeness: answer.Completeness, Gaps: gaps, Backfilled: answer.Backfilled,
		Warnings: append([]string{}, answer.Warnings...),
	}}
	return series(name+" "+answer.Interval, instrumentLabels(name), of, candleFields(answer.Candles)...)
}

// candleFields are the fields of a candle frame, streamed ones too.
func candleFields(rows []tickscope.Candle) []*data.Field {
	type candle = tickscope.Candle
	return []*data.Field{
		instants("time", column(rows, func(c candle) time.Time { return c.Time })),
		prices("open", column(rows, func(c candle) float64 { return c.Open })),
		prices("high", column(rows, func(c candle) float64 { return c.High })),
		prices("low", column(rows, func(c candle) float64 { return c.Low })),
		prices("close", column(rows, func(c candle) float64 { return c.Close })),
		quantities("volume", column(rows, func(c candle) *int64 { return c.Volume })),
		quantities("open_interest", column(rows, func(c candle) *int64 { return c.OpenInterest })),
		counts("trades", column(rows, func(c candle) *int64 { return c.Trades })),
		prices("vwap", column(rows, func(c candle) *float64 { return c.VWAP })),
		texts("source", column(rows, func(c candle) string { return c.Source })),
		flags("complete", column(rows, func(c candle) bool { return c.Complete })),
	}
}

// tell says what is missing: on each frame where there are few, in one sentence where there are many.
func (d *Datasource) tell(q query, frames []*data.Frame, answers []tickscope.CandleAnswer) []data.Notice {
	if len(frames) <= maxTalkative {
		for i, answer := range answers {
			frames[i].AppendNotices(candleNotices(answer, len(frames) > 1)...)
		}
		return nil
	}
	var notices []data.Notice
	var holed, quiet []string
	for _, answer := range answers {
		notices = append(notices, warnings(answer.Warnings)...)
		if len(answer.Gaps) > 0 {
			holed = append(holed, answer.Instrument.Name())
		} else if len(answer.Candles) == 0 {
			quiet = append(quiet, answer.Instrument.Name())
		}
	}
	if len(holed) > 0 {
		notices = append(notices, warning("%d of %d instruments have holes: %s.", len(holed), len(answers), shortList(holed)))
	}
	if len(quiet) > 0 {
		notices = append(notices, info("%d of %d instruments did not trade in this range: %s.", len(quiet), len(answers), shortList(quiet)))
	}
	return notices
}

func candleNotices(answer tickscope.CandleAnswer, several bool) []data.Notice {
	prefix := ""
	if several {
		prefix = answer.Instrument.Name() + ": "
	}
	var notices []data.Notice
	if len(answer.Gaps) > 0 {
		notices = append(notices, gapNotice(prefix, answer.Gaps))
	} else if len(answer.Candles) == 0 {
		notices = append(notices, info("%sno trades in this range, and nothing was missed: the market was shut, or nobody traded it.", prefix))
	}
	for _, sentence := range answer.Warnings {
		notices = append(notices, warning("%s%s", prefix, sentence))
	}
	return notices
}

// gapNotice sums up holes; the candles panel draws each. What is only pending mends itself.
func gapNotice(prefix string, gaps []tickscope.Gap) data.Notice {
	var missing time.Duration
	reasons := map[string]bool{}
	for _, gap := range gaps {
		missing += gap.To.Sub(gap.From)
		reasons[gap.Reason] = true
	}
	names := make([]string, 0, len(reasons))
	for reason := range reasons {
		names = append(names, reason)
	}
	sort.Strings(names)
	if len(names) == 1 && names[0] == "pending" {
		return info("%s%s still being fetched from the broker; refresh to see it.", prefix, spell(missing))
	}
	holes := "1 hole"
	if len(gaps) > 1 {
		holes = fmt.Sprintf("%d holes", len(gaps))
	}
	return warning("%s%s, %s in all, not heard: %s.", prefix, holes, spell(missing), strings.Join(names, ", "))
}

// spell writes a duration in its two largest units.
func spell(duration time.Duration) string {
	units := []struct {
		name string
		span time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	duration = max(duration.Round(time.Second), 0)
	var parts []string
	for _, unit := range units {
		if count := duration / unit.span; count > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", count, unit.name))
			duration -= count * unit.span
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}

func shortList(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
