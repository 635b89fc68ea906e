package plugin

import "time"

type candleInterval struct {
	name string
	span time.Duration
}

// candleIntervals are those that Tickscope has, shortest first.
func candleIntervals() []candleInterval {
	return []candleInterval{
		{"1m", time.Minute},
		{"5m", 5 * time.Minute},
		{"15m", 15 * time.Minute},
		{"1h", time.Hour},
		{"1d", 24 * time.Hour},
	}
}

// defaultMaxDataPoints where a panel does not say how wide it is.
const defaultMaxDataPoints = 1000

// CandleInterval is the one asked for; auto is the shortest whose buckets in the range fit the panel's width and are
// not shorter than the panel's own interval.
func (q query) CandleInterval() (string, error) {
	asked := q.Interval
	if hasVariable(asked) {
		return "", mistakef("The interval %s has no value. Choose one in the dashboard's variable, or set the query's interval to auto.", asked)
	}
	if asked == "" || asked == "auto" || asked == "$__auto" {
		return q.autoInterval(), nil
	}
	for _, interval := range candleIntervals() {
		if interval.name == asked {
			return asked, nil
		}
	}
	return "", mistakef("There is no interval %q: choose auto, 1m, 5m, 15m, 1h or 1d.", asked)
}

func (q query) autoInterval() string {
	most := q.MaxDataPoints
	if most <= 0 {
		most = defaultMaxDataPoints
	}
	span := q.Range.To.Sub(q.Range.From)
	intervals := candleIntervals()
	for _, interval := range intervals {
		buckets := int64((span + interval.span - 1) / interval.span)
		if buckets <= most && interval.span >= q.PanelInterval {
			return interval.name
		}
	}
	return intervals[len(intervals)-1].name
}
