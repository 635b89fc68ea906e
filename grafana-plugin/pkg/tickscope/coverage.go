package tickscope

import (
	"context"
	"net/url"
	"strings"
	"time"
)

// InstrumentCompleteness of one day.
type InstrumentCompleteness struct {
	Instrument     Key      `json:"instrument"`
	Completeness   *float64 `json:"completeness"`
	ElapsedSeconds float64  `json:"elapsedSeconds"`
	GapSeconds     float64  `json:"gapSeconds"`
	Gaps           int64    `json:"gaps"`
}

// CompletenessAnswer of a day (an IST date), the market's and each instrument's; 0..1, nil when nothing has elapsed.
type CompletenessAnswer struct {
	Origin       string                   `json:"origin"`
	Date         string                   `json:"date"`
	Completeness *float64                 `json:"completeness"`
	Instruments  []InstrumentCompleteness `json:"instruments"`
	Warnings     []string                 `json:"warnings"`
}

// Completeness of a day; no instruments means all that are subscribed, an empty date today.
func (c *Client) Completeness(ctx context.Context, instruments []string, date string) (CompletenessAnswer, error) {
	query := url.Values{}
	set(query, "instrument", strings.Join(instruments, ","))
	set(query, "date", date)
	var answer CompletenessAnswer
	err := c.get(ctx, "/api/completeness", query, &answer)
	return answer, err
}

// Hole that is missing now.
type Hole struct {
	Instrument Key       `json:"instrument"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Reason     string    `json:"reason"`
}

// Repair is the record of a hole and what was done about it, healed ones included.
type Repair struct {
	Token         *int64     `json:"token"` // nil is a whole feed's
	Feed          *string    `json:"feed"`
	From          time.Time  `json:"from"`
	To            *time.Time `json:"to"`
	Cause         string     `json:"cause"`
	Status        string     `json:"status"`
	Attempts      int64      `json:"attempts"`
	LastAttemptAt *time.Time `json:"lastAttemptAt"`
	RecoveredAt   *time.Time `json:"recoveredAt"`
	Source        *string    `json:"source"`
	Instruments   int64      `json:"instruments"`
	Left          int64      `json:"instrumentsLeft"` // that still lack something
	Seconds       *float64   `json:"seconds"`
	Message       *string    `json:"message"`
}

// GapAnswer holds holes and repairs of a range.
type GapAnswer struct {
	Origin   string   `json:"origin"`
	Gaps     []Hole   `json:"gaps"`
	Repairs  []Repair `json:"repairs"`
	Warnings []string `json:"warnings"`
}

// Gaps of a range; no instruments means all that are subscribed.
func (c *Client) Gaps(ctx context.Context, instruments []string, from, to time.Time, limit int) (GapAnswer, error) {
	query := url.Values{}
	set(query, "instrument", strings.Join(instruments, ","))
	setRange(query, from, to)
	setInt(query, "limit", limit)
	var answer GapAnswer
	err := c.get(ctx, "/api/gaps", query, &answer)
	return answer, err
}

// QualityDay is one instrument's day as the end-of-day comparison left it. TradingDate is an IST date.
type QualityDay struct {
	Instrument   Key      `json:"instrument"`
	TradingDate  string   `json:"tradingDate"`
	Completeness *float64 `json:"completeness"`
	Accuracy     *float64 `json:"accuracy"`
	Source       *string  `json:"source"`
	Quality      *string  `json:"quality"`
}

// Quality of days; from and to are IST dates, to included.
func (c *Client) Quality(ctx context.Context, instruments []string, from, to string, limit int) (origin string, days []QualityDay, err error) {
	query := url.Values{}
	set(query, "instrument", strings.Join(instruments, ","))
	set(query, "from", from)
	set(query, "to", to)
	setInt(query, "limit", limit)
	var answer struct {
		Origin string       `json:"origin"`
		Days   []QualityDay `json:"days"`
	}
	err = c.get(ctx, "/api/quality", query, &answer)
	return answer.Origin, answer.Days, err
}

// Event for annotations. TimeEnd is nil for an instant or what still lasts.
type Event struct {
	Time       time.Time  `json:"time"`
	TimeEnd    *time.Time `json:"timeEnd"`
	Kind       string     `json:"kind"`
	Title      string     `json:"title"`
	Text       string     `json:"text"`
	Instrument *string    `json:"instrument"` // EXCHANGE:SYMBOL; nil is the market's
}

// Events of a range: hole, repair, regime, vix_spike, session; of the whole market where no instrument is given.
func (c *Client) Events(ctx context.Context, instrument string, kinds []string, from, to time.Time, limit int) ([]Event, error) {
	query := url.Values{}
	set(query, "instrument", instrument)
	set(query, "kinds", strings.Join(kinds, ","))
	setRange(query, from, to)
	setInt(query, "limit", limit)
	var answer struct {
		Events []Event `json:"events"`
	}
	err := c.get(ctx, "/api/events", query, &answer)
	return answer.Events, err
}
