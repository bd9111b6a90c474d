include $(sort $(wildcard $(BR2_EXTERNAL_CHINWAG_PATH)/package/*/*.mk))
