package tickscope

import (
	"context"
	"net/url"
	"time"
)

// VixPoint is one minute of India VIX.
type VixPoint struct {
	Time   time.Time `json:"time"`
	Value  float64   `json:"value"`
	Change *float64  `json:"change"`
	Trend  *string   `json:"trend"`
	Regime *string   `json:"regime"`
}

// VixAnswer is a range of minutes, oldest first.
type VixAnswer struct {
	Origin   string     `json:"origin"`
	Series   []VixPoint `json:"series"`
	Warnings []string   `json:"warnings"`
}

// Vix of a range.
func (c *Client) Vix(ctx context.Context, from, to time.Time, limit int) (VixAnswer, error) {
	query := url.Values{}
	setRange(query, from, to)
	setInt(query, "limit", limit)
	var answer VixAnswer
	err := c.get(ctx, "/api/vix", query, &answer)
	return answer, err
}

// RegimeSpan is a stretch of one volatility regime.
type RegimeSpan struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Regime  *string   `json:"regime"`
	Minutes int64     `json:"minutes"`
	Average float64   `json:"average"`
	Low     float64   `json:"low"`
	High    float64   `json:"high"`
}

// VixNow is India VIX at the latest minute. PercentileYear is 0..100 or nil without a year of history.
type VixNow struct {
	Time           *time.Time `json:"time"`
	Value          *float64   `json:"value"`
	ChangePercent  *float64   `json:"changePercent"`
	Trend          *string    `json:"trend"`
	Regime         *string    `json:"regime"`
	Mean20         *float64   `json:"mean20"`
	PercentileYear *float64   `json:"percentileYear"`
	Open           *float64   `json:"open"`
	High           *float64   `json:"high"`
	Low            *float64   `json:"low"`
}

// RegimeAnswer holds the spans of a range, oldest first, and the present.
type RegimeAnswer struct {
	Origin  string       `json:"origin"`
	Regime  *string      `json:"regime"`
	Spans   []RegimeSpan `json:"spans"`
	Current *VixNow      `json:"current"`
}

// VixRegime of a range.
func (c *Client) VixRegime(ctx context.Context, from, to time.Time, limit int) (RegimeAnswer, error) {
	query := url.Values{}
	setRange(query, from, to)
	setInt(query, "limit", limit)
	var answer RegimeAnswer
	err := c.get(ctx, "/api/vix/regime", query, &answer)
	return answer, err
}
