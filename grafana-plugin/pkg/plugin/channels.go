package plugin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/tickscope/tickscope/grafana-plugin/pkg/tickscope"
)

// channel is the address in Grafana Live of a stream of this data source: ds/<uid>/<parts>.
func channel(uid string, parts ...any) string {
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = fmt.Sprint(part)
	}
	return "ds/" + uid + "/" + strings.Join(texts, "/")
}

// channelPath is a parsed channel: tick/<token>, quote/<token>, depth/<token>, bar/<token>/<interval>.
type channelPath struct {
	kind     string
	token    int64
	interval string
}

func parseChannel(path string) (channelPath, bool) {
	parts := strings.Split(path, "/")
	if len(parts) < 2 {
		return channelPath{}, false
	}
	token, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || token <= 0 {
		return channelPath{}, false
	}
	parsed := channelPath{kind: parts[0], token: token}
	switch parsed.kind {
	case "tick", "quote", "depth":
		return parsed, len(parts) == 2
	case "bar":
		if len(parts) != 3 {
			return channelPath{}, false
		}
		parsed.interval = parts[2]
		for _, interval := range candleIntervals() {
			if interval.name == parsed.interval {
				return parsed, true
			}
		}
	}
	return channelPath{}, false
}

func (p channelPath) reference() string { return strconv.FormatInt(p.token, 10) }

// key of the upstream: a quote and a tick are two looks at the same message.
func (p channelPath) key() tickscope.StreamKey {
	kind := p.kind
	if kind == "quote" {
		kind = "tick"
	}
	return tickscope.StreamKey{Channel: kind, Token: p.token, Interval: p.interval}
}

// frames makes frames of the same fields as the query's out of messages; nil where there is nothing to show.
func (p channelPath) frames() func([]*tickscope.StreamMessage) *data.Frame {
	switch p.kind {
	case "bar":
		return p.barFrame
	case "depth":
		return depthUpdate
	case "quote":
		return quoteUpdate
	default:
		return tickUpdates()
	}
}

func (p channelPath) barFrame(messages []*tickscope.StreamMessage) *data.Frame {
	var bars []tickscope.Candle
	for _, message := range messages {
		if message.Bar != nil {
			bars = append(bars, *message.Bar)
		}
	}
	if len(bars) == 0 {
		return nil
	}
	name := messages[0].Symbol
	return series(name+" "+p.interval, instrumentLabels(name), about{}, candleFields(bars)...)
}

func depthUpdate(messages []*tickscope.StreamMessage) *data.Frame {
	latest := messages[len(messages)-1]
	if latest.Book == nil || latest.Book.Time == nil {
		return nil
	}
	frame := table(latest.Symbol+" depth", latest.Book.Origin, ladderFields(*latest.Book)...)
	asBars(fieldsNamed(frame, "bid_quantity", "ask_quantity")...)
	for _, field := range frame.Fields {
		field.Labels = instrumentLabels(latest.Symbol)
	}
	return frame
}

func quoteUpdate(messages []*tickscope.StreamMessage) *data.Frame {
	latest := messages[len(messages)-1]
	if latest.Quote == nil || latest.Quote.Time == nil {
		return nil
	}
	return quoteFrame("", one(*latest.Quote))
}

// tickUpdates remembers the volume before, so that each row says what traded since.
func tickUpdates() func([]*tickscope.StreamMessage) *data.Frame {
	var before *int64
	return func(messages []*tickscope.StreamMessage) *data.Frame {
		latest := messages[len(messages)-1]
		quote := latest.Quote
		if quote == nil || quote.Time == nil || quote.LastPrice == nil {
			return nil
		}
		row := tickscope.Tick{Time: *quote.Time, LastPrice: *quote.LastPrice, Volume: quote.Volume}
		if before != nil && quote.Volume != nil && *quote.Volume >= *before {
			traded := *quote.Volume - *before
			row.VolumeDelta = &traded
		}
		before = quote.Volume
		return series(latest.Symbol+" ticks", instrumentLabels(latest.Symbol), about{}, tickFields(one(row))...)
	}
}
