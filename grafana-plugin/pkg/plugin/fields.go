package plugin

import (
	"math"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// Fields as Grafana's panels want them. Prices have two decimals and no unit: Grafana's currency units shorten
// 1336.35 to 1.34K, and a unit set here would beat the panel's own.

func instants[T time.Time | *time.Time](name string, values []T) *data.Field {
	return field(name, values, data.FieldConfig{})
}

func prices[T float64 | *float64](name string, values []T) *data.Field {
	return field(name, values, decimals(2))
}

func quantities[T int64 | *int64](name string, values []T) *data.Field {
	return field(name, values, data.FieldConfig{Unit: "short"})
}

func counts[T int64 | *int64](name string, values []T) *data.Field {
	return field(name, values, data.FieldConfig{})
}

// percents are 0..100.
func percents(name string, values []*float64) *data.Field {
	return field(name, values, unit("percent", 2))
}

// shares are 0..1, shown as percent.
func shares(name string, values []*float64) *data.Field {
	return field(name, values, unit("percentunit", 2))
}

func ratios(name string, values []*float64) *data.Field {
	return field(name, values, decimals(2))
}

func seconds(name string, values []*float64) *data.Field {
	return field(name, values, data.FieldConfig{Unit: "s"})
}

func texts[T string | *string](name string, values []T) *data.Field {
	return field(name, values, data.FieldConfig{})
}

func flags(name string, values []bool) *data.Field {
	return field(name, values, data.FieldConfig{})
}

func field(name string, values any, config data.FieldConfig) *data.Field {
	made := data.NewField(name, nil, values)
	config.DisplayNameFromDS = title(name)
	made.Config = &config
	return made
}

func decimals(count uint16) data.FieldConfig {
	return data.FieldConfig{Decimals: &count}
}

func unit(name string, count uint16) data.FieldConfig {
	return data.FieldConfig{Unit: name, Decimals: &count}
}

// asBars gives fields one scale from 0 to the largest of them, so that bars in a table's cells compare with each other
// and not with whatever number is the frame's largest.
func asBars(fields ...*data.Field) {
	most := 0.0
	for _, field := range fields {
		for row := range field.Len() {
			if value, err := field.NullableFloatAt(row); err == nil && value != nil && !math.IsNaN(*value) {
				most = max(most, *value)
			}
		}
	}
	if most > 0 {
		scaled(0, most, fields...)
	}
}

func scaled(least, most float64, fields ...*data.Field) {
	for _, field := range fields {
		field.Config.Min, field.Config.Max = confFloat(least), confFloat(most)
	}
}

func confFloat(value float64) *data.ConfFloat64 {
	converted := data.ConfFloat64(value)
	return &converted
}

// fieldsNamed picks fields of a frame.
func fieldsNamed(frame *data.Frame, names ...string) []*data.Field {
	var found []*data.Field
	for _, name := range names {
		if field, _ := frame.FieldByName(name); field != nil {
			found = append(found, field)
		}
	}
	return found
}

// title is a field's name for people: call_oi_change is "Call OI change", change_percent "Change %".
func title(name string) string {
	words := strings.Split(name, "_")
	for i, word := range words {
		switch word {
		case "oi", "iv", "ltp", "vwap", "atm":
			words[i] = strings.ToUpper(word)
		case "percent":
			words[i] = "%"
		}
	}
	text := strings.Join(words, " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

// column makes a field's values of one row after another.
func column[Row, Value any](rows []Row, value func(Row) Value) []Value {
	values := make([]Value, len(rows))
	for i, row := range rows {
		values[i] = value(row)
	}
	return values
}

// one is the single row of a frame that has one.
func one[Value any](value Value) []Value { return []Value{value} }

// withoutDust rounds off what binary fractions leave: 1336.8 - 1336.75 is 0.05, not 0.0499999999999545.
func withoutDust(difference float64) float64 { return math.Round(difference*1e6) / 1e6 }
