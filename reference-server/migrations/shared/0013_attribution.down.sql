drop table public.shared_conversions, public.shared_touches, public.shared_touch_origins, public.conversion_rules;
