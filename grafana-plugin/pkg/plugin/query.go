package plugin

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

// queryModel is what the editor stores in a dashboard; src/datasource/types.ts says the same.
type queryModel struct {
	QueryType   string   `json:"queryType"`
	Instruments nameList `json:"instruments"`
	Interval    string   `json:"interval"`
	Fill        string   `json:"fill"`
	Heal        *bool    `json:"heal"`
	Field       string   `json:"field"`
	View        string   `json:"view"`
	Stream      bool     `json:"stream"`
	Limit       number   `json:"limit"`

	Underlying string `json:"underlying"`
	Expiry     string `json:"expiry"`
	Strikes    number `json:"strikes"`

	Segment        string `json:"segment"`
	InstrumentType string `json:"instrumentType"`
	By             string `json:"by"`
	Window         string `json:"window"`

	Kinds nameList `json:"kinds"`
}

// query is a parsed query with what the panel told about itself.
type query struct {
	queryModel
	Range         backend.TimeRange
	PanelInterval time.Duration
	MaxDataPoints int64
	// Reduced asks for one numeric field a series: `field` is set, or an alert rule or expression asks.
	Reduced bool
	// Unattended: nobody is there to read a notice, so what yields no data at all is an error.
	Unattended bool
	// UID of the data source, the namespace of its stream channels.
	UID string
	Now time.Time
}

func parseQuery(raw backend.DataQuery, from requestOrigin, uid string, now time.Time) (query, error) {
	q := query{
		Range:         raw.TimeRange,
		PanelInterval: raw.Interval,
		MaxDataPoints: raw.MaxDataPoints,
		Unattended:    from.alert,
		UID:           uid,
		Now:           now,
	}
	if err := json.Unmarshal(raw.JSON, &q.queryModel); err != nil {
		return q, fmt.Errorf("the stored query cannot be read: %w", err)
	}
	if q.QueryType == "" {
		q.QueryType = raw.QueryType
	}
	if q.QueryType == "" {
		q.QueryType = "candles"
	}
	q.Reduced = q.Field != "" || from.alert || from.expression
	return q, nil
}

// Live tells that the range ends now, so that a stream can go on with it.
func (q query) Live() bool {
	return q.Stream && !q.Unattended && q.Range.To.After(q.Now.Add(-liveSlack))
}

// liveSlack: a dashboard's "now" is some time old when its query arrives.
const liveSlack = time.Minute

// LimitOr is the limit asked for, else the fallback.
func (q query) LimitOr(fallback int) int {
	if q.Limit >= 1 {
		return int(q.Limit)
	}
	return fallback
}

// requestOrigin says who asks when it is not a panel.
type requestOrigin struct{ alert, expression bool }

// originOf reads the headers that Grafana's alerting and its expressions set. Some versions send them as HTTP headers,
// with http_ before the name.
func originOf(headers map[string]string) requestOrigin {
	var origin requestOrigin
	for name, value := range headers {
		if value != "true" {
			continue
		}
		switch strings.ToLower(strings.TrimPrefix(name, "http_")) {
		case "fromalert":
			origin.alert = true
		case "x-grafana-from-expr":
			origin.expression = true
		}
	}
	return origin
}

// number is a JSON number, or one in a string, as a variable leaves it. Anything else is 0: not set.
type number float64

func (n *number) UnmarshalJSON(raw []byte) error {
	value, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	if err != nil || value != value {
		value = 0
	}
	*n = number(value)
	return nil
}

// nameList is a list of strings, one string, or nothing.
type nameList []string

func (l *nameList) UnmarshalJSON(raw []byte) error {
	var many []any
	if err := json.Unmarshal(raw, &many); err != nil {
		var one any
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		many = []any{one}
	}
	*l = nil
	for _, item := range many {
		switch value := item.(type) {
		case string:
			*l = append(*l, value)
		case float64: // a token
			*l = append(*l, strconv.FormatFloat(value, 'f', -1, 64))
		}
	}
	return nil
}
