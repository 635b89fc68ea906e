package plugin

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

const defaultEvents = 1000

// events are annotations: holes, repairs, VIX regimes and spikes, sessions.
func (d *Datasource) events(ctx context.Context, q query) (result, error) {
	if q.Unattended {
		return result{}, mistake("Events are annotations and hold no number to alert on. Use data quality for holes, or VIX for spikes.")
	}
	names, notices, err := d.scope(ctx, q)
	if err != nil {
		return result{}, err
	}
	if names == nil && len(notices) > 0 {
		return result{notices: notices}, nil
	}
	if names == nil {
		names = []string{""} // the whole market's
	}
	kinds := splitNames(q.Kinds)
	found, missing, err := each(ctx, names, func(ctx context.Context, name string) ([]tickscope.Event, error) {
		return d.client.Events(ctx, name, kinds, q.Range.From, q.Range.To, q.LimitOr(defaultEvents))
	})
	if err != nil {
		return result{}, err
	}
	rows := distinctEvents(slices.Concat(found...))
	type event = tickscope.Event
	frame := table("Events", "",
		instants("time", column(rows, func(e event) time.Time { return e.Time })),
		instants("timeEnd", column(rows, func(e event) *time.Time { return e.TimeEnd })),
		texts("title", column(rows, func(e event) string { return e.Title })),
		texts("text", column(rows, func(e event) string { return e.Text })),
		texts("tags", column(rows, tags)),
	)
	return result{one(frame), append(notices, missing...), shape{}}, nil
}

// distinctEvents are in order of time; what is the whole market's comes once, though each instrument has it.
func distinctEvents(events []tickscope.Event) []tickscope.Event {
	seen := map[string]bool{}
	var kept []tickscope.Event
	for _, event := range events {
		key := event.Time.String() + event.Kind + event.Title + event.Text
		if !seen[key] {
			seen[key] = true
			kept = append(kept, event)
		}
	}
	slices.SortStableFunc(kept, func(a, b tickscope.Event) int { return a.Time.Compare(b.Time) })
	return kept
}

func tags(event tickscope.Event) string {
	tags := []string{event.Kind}
	if event.Instrument != nil {
		tags = append(tags, *event.Instrument)
	}
	return strings.Join(tags, ",")
}
