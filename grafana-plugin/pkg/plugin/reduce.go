package plugin

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// shape says how a frame of a query type becomes series of one number, which is what alert rules, expressions and
// stat panels take.
type shape struct {
	// Main is the field that a rule means when it names none.
	Main string
	// Labels are the columns of a table that name a row; empty for a frame that is a series already.
	Labels []string
}

func reduceAll(frames []*data.Frame, q query, of shape) ([]*data.Frame, error) {
	var reduced []*data.Frame
	for _, frame := range frames {
		parts, err := reduce(frame, q.Field, of, q.Now)
		if err != nil {
			return nil, err
		}
		reduced = append(reduced, parts...)
	}
	return reduced, nil
}

// reduce keeps the time and one numeric field. A table becomes one series for each of its labels' values: rows that
// are named alike are points of one series, a row without a time is at now.
func reduce(frame *data.Frame, want string, of shape, now time.Time) ([]*data.Frame, error) {
	if want == "" {
		want = of.Main
	}
	value, _ := frame.FieldByName(want)
	if value == nil || !value.Type().Numeric() {
		return nil, mistakef("There is no number called %q here; choose one of %s.", want, strings.Join(numberNames(frame), ", "))
	}
	moments := timeField(frame)
	if len(of.Labels) == 0 && moments != nil && moments.Type() == data.FieldTypeTime {
		return []*data.Frame{reducedFrame(frame, moments, value, value.Labels)}, nil
	}
	groups := map[string]*group{}
	var order []*group
	for row := range value.Len() {
		labels := rowLabels(frame, value.Labels, of.Labels, row)
		key := labels.String()
		if groups[key] == nil {
			groups[key] = &group{labels: labels}
			order = append(order, groups[key])
		}
		groups[key].rows = append(groups[key].rows, point{row, momentAt(moments, row, now)})
	}
	frames := make([]*data.Frame, len(order))
	for i, group := range order {
		frames[i] = group.frame(frame, value)
		// A channel's rows have the table's columns, not these.
		if found, ok := frames[i].Meta.Custom.(custom); ok {
			found.Tickscope.Channels = nil
			frames[i].Meta.Custom = found
		}
		if i > 0 {
			frames[i].Meta.Notices = nil
		}
	}
	return frames, nil
}

type point struct {
	row    int
	moment time.Time
}

type group struct {
	labels data.Labels
	rows   []point
}

func (g *group) frame(from *data.Frame, value *data.Field) *data.Frame {
	sort.SliceStable(g.rows, func(a, b int) bool { return g.rows[a].moment.Before(g.rows[b].moment) })
	values := data.NewFieldFromFieldType(value.Type(), len(g.rows))
	values.Name, values.Config = value.Name, value.Config
	moments := make([]time.Time, len(g.rows))
	for i, point := range g.rows {
		moments[i] = point.moment
		values.Set(i, value.At(point.row))
	}
	return reducedFrame(from, instants("time", moments), values, g.labels)
}

func reducedFrame(from *data.Frame, moments, value *data.Field, labels data.Labels) *data.Frame {
	kept := *value
	kept.Labels = labels
	config := data.FieldConfig{}
	if value.Config != nil {
		config = *value.Config
	}
	config.DisplayNameFromDS = reducedName(value.Name, labels)
	kept.Config = &config
	frame := data.NewFrame(config.DisplayNameFromDS, moments, &kept)
	meta := data.FrameMeta{}
	if from.Meta != nil {
		meta = *from.Meta
	}
	// Not wide: of that type an answer may hold a single frame only, and the others would be ignored.
	meta.Type, meta.TypeVersion = data.FrameTypeTimeSeriesMulti, typeVersion()
	meta.PreferredVisualization = data.VisTypeGraph
	frame.Meta = &meta
	return frame
}

// reducedName is the instrument where there is one, else the field with what tells it apart.
func reducedName(name string, labels data.Labels) string {
	if instrument := labels["instrument"]; instrument != "" {
		return instrument
	}
	for _, label := range []string{"strike", "regime", "level"} {
		if text := labels[label]; text != "" {
			return text + " " + title(name)
		}
	}
	return title(name)
}

func rowLabels(frame *data.Frame, common data.Labels, names []string, row int) data.Labels {
	labels := data.Labels{}
	for name, text := range common {
		labels[name] = text
	}
	for _, name := range names {
		if column, _ := frame.FieldByName(name); column != nil {
			if value, ok := column.ConcreteAt(row); ok {
				labels[name] = fmt.Sprint(value)
			}
		}
	}
	return labels
}

// timeField is the first that holds instants: time, from or date.
func timeField(frame *data.Frame) *data.Field {
	for _, field := range frame.Fields {
		if field.Type().Time() {
			return field
		}
	}
	return nil
}

func momentAt(moments *data.Field, row int, now time.Time) time.Time {
	if moments != nil {
		if value, ok := moments.ConcreteAt(row); ok {
			if moment, ok := value.(time.Time); ok {
				return moment
			}
		}
	}
	return now
}

func numberNames(frame *data.Frame) []string {
	var names []string
	for _, field := range frame.Fields {
		if field.Type().Numeric() {
			names = append(names, field.Name)
		}
	}
	return names
}
